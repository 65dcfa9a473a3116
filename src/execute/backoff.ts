import type { Random } from '../ports.ts';

const FIRST_CEILING_MS = 500;
const HIGHEST_CEILING_MS = 20_000;

/**
 * How long a row waits before its next attempt: full jitter, uniform in [0, min(20 s, 0.5 s · 2^retry)) milliseconds,
 * `retry` from 0 (CONTRACT.md 6). Full jitter spreads the rows that failed together over the whole wait.
 */
export function backoffMs(retry: number, random: Random): number {
  return random() * Math.min(HIGHEST_CEILING_MS, FIRST_CEILING_MS * 2 ** retry);
}
