/** The middle of repeated measurements and how far they lie apart. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function spread(values: readonly number[]): Spread {
  if (values.length === 0) throw new Error('nothing was measured');
  const sorted = values.toSorted((a, b) => a - b);
  return { median: medianOfSorted(sorted), least: sorted[0] ?? 0, most: sorted.at(-1) ?? 0 };
}

/** Ratios of measurements that were made next to each other, so that what disturbs both does not show. */
export function ratios(values: readonly number[], to: readonly number[]): Spread {
  return spread(values.map((value, index) => value / (to[index] ?? Number.NaN)));
}

/** `27.1 (26.5..28.0)`; without the spread when there is but one value. */
export function shown({ median, least, most }: Spread, unit = ''): string {
  const middle = `${rounded(median)}${unit}`;
  return least === most ? middle : `${middle} (${rounded(least)}..${rounded(most)})`;
}

/** Three significant digits, and whole numbers from 100 on. */
export function rounded(value: number): string {
  if (!Number.isFinite(value)) return '?';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function medianOfSorted(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
