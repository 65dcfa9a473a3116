const LOWEST_PER_SECOND = 0.1;
const BETWEEN_CUTS_MS = 1000;
const CLEAN_MS = 30_000;
const SHARE_GIVEN_BACK = 0.1;

/** The rate at present: halved by 429 answers, given back slowly (CONTRACT.md 6). Times are monotonic milliseconds. */
export interface AdaptiveRate {
  readonly perSecond: number;
  /** A 429 came: halves the rate, at most once per second. */
  throttled(now: number): void;
  /** Time until `at` proves nothing about the rate, since nothing is sent. */
  idleUntil(at: number): void;
  /** Gives 10 % of the configured rate back for every 30 clean seconds that have passed. */
  recover(now: number): void;
}

/** A rate that starts as configured, never exceeds it, and never falls below 0.1/s (or below the configured rate if that is lower). */
export function createAdaptiveRate(
  configured: number,
  onRate: (perSecond: number) => void = () => undefined,
): AdaptiveRate {
  const lowest = Math.min(LOWEST_PER_SECOND, configured);
  let perSecond = configured;
  let cutAt = -Infinity;
  let cleanSince = -Infinity;

  function change(to: number): void {
    if (to === perSecond) return;
    perSecond = to;
    onRate(to);
  }

  return {
    get perSecond() {
      return perSecond;
    },
    throttled(now) {
      cleanSince = Math.max(cleanSince, now);
      if (now - cutAt < BETWEEN_CUTS_MS) return;
      cutAt = now;
      change(Math.max(lowest, perSecond / 2));
    },
    idleUntil(at) {
      cleanSince = Math.max(cleanSince, at);
    },
    recover(now) {
      if (perSecond === configured || now - cleanSince < CLEAN_MS) return;
      const times = Math.floor((now - cleanSince) / CLEAN_MS);
      cleanSince += times * CLEAN_MS;
      change(Math.min(configured, perSecond + times * SHARE_GIVEN_BACK * configured));
    },
  };
}
