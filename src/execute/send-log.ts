import type { Rate } from '../types.ts';

/** Windows are kept this much longer than asked, for timers and for the difference between our clock and the server's. */
const GUARD_MS = 5;
/** How far ahead of an even spacing sends may run: any 100 ms then hold a fifth of a second's worth, plus one, at most. */
const EARLY_MS = 100;

/** When requests really left, and from that, when the next one may. All times are monotonic milliseconds. */
export interface SendLog {
  /** The first moment at which the next request may leave; may lie in the past. */
  earliest(): number;
  /** A request leaves `at` this moment; `intervalMs` is the even spacing at the present rate. */
  record(at: number, intervalMs: number): void;
}

/** The even spacing at the full rate, in milliseconds: as many requests a (guarded) window as it may hold. */
export function fullIntervalMs(rate: Rate): number {
  return (rate.windowMs + GUARD_MS) / rate.count;
}

/**
 * An empty log of sends. It is an exact sliding window of the configured rate, and a generic cell rate algorithm (ITU-T
 * I.371) that keeps a stall between a row's turn and its send from ending in a burst.
 */
export function createSendLog(rate: Rate): SendLog {
  const windowMs = rate.windowMs + GUARD_MS;
  /** The last `rate.count` sends, a new one in the place of the oldest. */
  const sentAt: number[] = [];
  /** The place of the oldest of them, if there were so many. */
  let next = 0;
  /** When the next send is due if all are evenly spaced. */
  let dueAt = -Infinity;

  return {
    earliest() {
      // The request that must have left the window first, if there were so many.
      const leaving = sentAt[next];
      return Math.max(dueAt - EARLY_MS, leaving === undefined ? -Infinity : leaving + windowMs);
    },
    record(at, intervalMs) {
      sentAt[next] = at;
      next = next + 1 === rate.count ? 0 : next + 1;
      dueAt = Math.max(at, dueAt) + intervalMs;
    },
  };
}
