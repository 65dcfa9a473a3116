import { readHttpDate } from './dates.ts';
import type { AnswerHeaders } from './observation.ts';

type HeaderValue = AnswerHeaders[string];

const SECONDS = /^\d{1,10}$/;

/**
 * How long the server asks to wait (RFC 9110 10.2.3), in milliseconds from now: whole seconds, or a date judged by the
 * response's own `Date` (else by our clock). A date in the past is 0; anything else, and values that differ, are `null`.
 * Not capped, but always finite: 9,999,999,999 seconds at most, or the distance of two four-digit years.
 */
export function retryAfterMs(header: HeaderValue, date: HeaderValue, now: number): number | null {
  const value = textOf(header);
  if (SECONDS.test(value)) return Number(value) * 1000;
  const until = readHttpDate(value);
  if (until === null) return null;
  const from = readHttpDate(textOf(date)) ?? now;
  return Math.max(0, until - from);
}

/** A header's value, also when it was sent several times alike; none, or several, become a text that is no value of these headers. */
function textOf(header: HeaderValue): string {
  return typeof header === 'string' ? header : [...new Set(header)].join();
}
