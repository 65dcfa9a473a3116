/** The most of these ascending times that lie in any window of this length; the end of a window is not part of it. */
export function mostInWindow(times: readonly number[], length: number): number {
  let most = 0;
  let first = 0;
  for (const [index, time] of times.entries()) {
    while ((times[first] ?? time) <= time - length) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}
