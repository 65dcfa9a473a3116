/** When requests were accepted within the last `windowMs`; a sliding log, exact in every window. */
export interface RateWindow {
  /** Takes one place at `now` (ms) if fewer than `count` were taken within the window. */
  accept(now: number, count: number, windowMs: number): boolean;
}

/** An empty window. */
export function createRateWindow(): RateWindow {
  let accepted: number[] = [];
  let first = 0;
  return {
    accept(now, count, windowMs) {
      while (first < accepted.length && (accepted[first] ?? 0) <= now - windowMs) first += 1;
      if (accepted.length - first >= count) return false;
      accepted.push(now);
      // Old entries go in bulk, so that one request costs constant time on average.
      if (first > 1024 && first * 2 > accepted.length) {
        accepted = accepted.slice(first);
        first = 0;
      }
      return true;
    },
  };
}
