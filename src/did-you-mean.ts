/** The candidate that is nearest to a mistyped word, or `undefined` when none is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > 40) return undefined;
  const limit = Math.max(1, Math.floor(word.length / 3));
  let best: { readonly candidate: string; readonly distance: number } | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(word, candidate);
    if (distance <= limit && (best === undefined || distance < best.distance)) best = { candidate, distance };
  }
  return best?.candidate;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b` (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row: number[] = [];
    for (let j = 0; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      const isSwap = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwap ? costAt(beforeLast, j - 2) + 1 : Infinity;
      row.push(Math.min(costAt(last, j) + 1, costAt(row, j - 1) + 1, costAt(last, j - 1) + change, swapped));
    }
    beforeLast = last;
    last = row;
  }
  return costAt(last, b.length);
}

/** Beyond the edge of the table nothing leads anywhere. */
function costAt(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
