import { readHttpDate } from './dates.ts';

const SECONDS = /^\d{1,10}$/;

/**
 * How long the server asks to wait (RFC 9110 10.2.3), in milliseconds from now: whole seconds, or a date judged by the
 * response's own `Date` (else by our clock). A date in the past is 0; anything else, and values that differ, are `null`.
 * Not capped, but always finite: 9,999,999,999 seconds at most, or the distance of two four-digit years.
 */
export function retryAfterMs(
  header: string | readonly string[] | undefined,
  date: string | undefined,
  now: number,
): number | null {
  const value = soleValue(header);
  if (value === undefined) return null;
  if (SECONDS.test(value)) return Number(value) * 1000;
  const until = readHttpDate(value);
  if (until === null) return null;
  const from = (date === undefined ? null : readHttpDate(date)) ?? now;
  return Math.max(0, until - from);
}

function soleValue(header: string | readonly string[] | undefined): string | undefined {
  if (header === undefined || typeof header === 'string') return header;
  return new Set(header).size === 1 ? header[0] : undefined;
}
