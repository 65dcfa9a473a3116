type Headers = Readonly<Record<string, string | readonly string[]>>;

/** Headers as a server whose clock says `now` writes them, and the pause they ask for; `null` when they ask for none. */
export type RetryAfter = (now: number) => { readonly headers: Headers; readonly pauseMs: number | null };

const DAY_MS = 86_400_000;

function seconds(value: string, pauseMs: number | null): RetryAfter {
  return named(value, () => ({ headers: { 'retry-after': value }, pauseMs }));
}

function date(label: string, aheadMs: number): RetryAfter {
  return named(label, (now) => ({
    headers: { 'retry-after': new Date(now + aheadMs).toUTCString(), date: new Date(now).toUTCString() },
    pauseMs: Math.max(0, aheadMs),
  }));
}

function named(name: string, shape: RetryAfter): RetryAfter {
  return Object.defineProperty(shape, 'name', { value: name });
}

/** Every shape of `Retry-After` that RELIABILITY.md names, and some that are no such thing. */
export const RETRY_AFTERS: readonly [RetryAfter, ...RetryAfter[]] = [
  named('none', () => ({ headers: {}, pauseMs: null })),
  seconds('1', 1_000),
  seconds('2', 2_000),
  seconds('7', 7_000),
  seconds('30', 30_000),
  seconds('300', 300_000),
  seconds('0', 0),
  seconds('301', 301_000),
  seconds('99999999', 99_999_999_000),
  seconds('-5', null),
  seconds('abc', null),
  seconds('5.5', null),
  seconds('0x10', null),
  date('date soon', 4_000),
  date('date past', -60_000),
  date('date far', 200 * DAY_MS),
  named('twice the same', () => ({ headers: { 'retry-after': ['3', '3'] }, pauseMs: 3_000 })),
  named('two that differ', () => ({ headers: { 'retry-after': ['3', '8'] }, pauseMs: null })),
];

/** Those that ask for a second at the most. */
export const SHORT_RETRY_AFTERS: readonly [RetryAfter, ...RetryAfter[]] = [
  named('none', () => ({ headers: {}, pauseMs: null })),
  seconds('0', 0),
  seconds('1', 1_000),
];
