import { accepted, expected, type Parsed } from './parsed.ts';

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

/** Each unit at most once, the larger before the smaller; whole numbers without leading zeros. */
export const DURATION: RegExp =
  /^(?=\d)(?:([1-9]\d*)d)?(?:([1-9]\d*)h)?(?:([1-9]\d*)m)?(?:([1-9]\d*)s)?(?:([1-9]\d*)ms)?$/;
const LONGEST_MS = 3650 * 86_400_000;

/** `500ms`, `15s`, `10m`, `2h`, `30d` and sums such as `1h30m`, in milliseconds: at least 1 ms, at most 3,650 days. */
export function parseDuration(text: string): Parsed<number> {
  const match = DURATION.exec(text);
  if (!match) return expected('a duration such as 500ms, 15s, 10m, 2h, 30d or 1h30m');
  const ms = UNITS.reduce((sum, [, unitMs], index) => sum + Number(match[index + 1] ?? 0) * unitMs, 0);
  return ms <= LONGEST_MS ? accepted(ms) : expected('a duration of at most 3650d');
}

/** A duration for people, in its two largest units: `4m 8s`, `2d 3h`, `350ms`. */
export function formatDuration(ms: number): string {
  const rounded = ms < 1000 ? Math.round(ms) : Math.round(ms / 1000) * 1000;
  const first = UNITS.findIndex(([, unitMs]) => rounded >= unitMs);
  if (first === -1) return '0s';
  const parts: string[] = [];
  let left = rounded;
  for (const [unit, unitMs] of UNITS.slice(first, first + 2)) {
    const amount = Math.floor(left / unitMs);
    left -= amount * unitMs;
    if (amount > 0) parts.push(`${amount}${unit}`);
  }
  return parts.join(' ');
}
