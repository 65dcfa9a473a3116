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
  /** The latest sends, oldest first: at least the last `rate.count`, if there were so many. */
  const sentAt: number[] = [];
  /** When the next send is due if all are evenly spaced. */
  let dueAt = -Infinity;

  return {
    earliest() {
      // The request that must have left the window first, if there were so many.
      const leaving = sentAt.length < rate.count ? undefined : sentAt[sentAt.length - rate.count];
      return Math.max(dueAt - EARLY_MS, leaving === undefined ? -Infinity : leaving + windowMs);
    },
    record(at, intervalMs) {
      sentAt.push(at);
      if (sentAt.length > 2 * rate.count) sentAt.splice(0, rate.count);
      dueAt = Math.max(at, dueAt) + intervalMs;
    },
  };
}
