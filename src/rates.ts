import type { Rate } from './types.ts';
import { accepted, expected, type Parsed } from './parsed.ts';

/** How a rate is written. */
export const RATE: RegExp = /^([1-9]\d{0,5})\/([sm])$/;
const SECOND_MS = 1000;
const MINUTE_MS = 60_000;

/** `5/s` or `90/m`: at most that many requests in any window of that length. */
export function parseRate(text: string): Parsed<Rate> {
  const match = RATE.exec(text);
  if (!match) return expected('a rate such as 5/s or 90/m');
  return accepted({ count: Number(match[1]), windowMs: match[2] === 's' ? SECOND_MS : MINUTE_MS });
}

/** The rate as it is typed: `5/s`, `90/m`. */
export function formatRate(rate: Rate): string {
  if (rate.windowMs === SECOND_MS) return `${rate.count}/s`;
  if (rate.windowMs === MINUTE_MS) return `${rate.count}/m`;
  return `${rate.count} in ${rate.windowMs} ms`;
}
