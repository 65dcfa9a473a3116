import type { Rate } from '../types.ts';

/** Windows are kept this much longer than asked, for the difference between our clock and the server's. */
const GUARD_MS = 5;
/** No 100 ms hold more than a fifth of a second's worth, plus one: a stall must not end in a burst. */
const SHORT_MS = 100;
const SHORT_WORTH_MS = 200;

/** When requests really left, and from that, when the next one may. All times are monotonic milliseconds. */
export interface SendLog {
  /** The first moment at which the next request may leave; may lie in the past. */
  earliest(): number;
  /** A request leaves `at` this moment, which is never earlier than the one before. */
  record(at: number): void;
}

/** The even spacing at the full rate, in milliseconds: as many requests a (guarded) window as it may hold. */
export function fullIntervalMs(rate: Rate): number {
  return (rate.windowMs + GUARD_MS) / rate.count;
}

/** An empty log of sends: two exact sliding windows, that of the configured rate and a short one. */
export function createSendLog(rate: Rate): SendLog {
  const windowMs = rate.windowMs + GUARD_MS;
  // No more are kept than the whole window may hold.
  const inShort = Math.min(rate.count, Math.floor((rate.count * SHORT_WORTH_MS) / rate.windowMs) + 1);
  /** The last `rate.count` sends, a new one in the place of the oldest. */
  const sentAt: number[] = [];
  /** The place of the oldest of them, if there were so many. */
  let next = 0;

  return {
    earliest() {
      // Those that must have left the windows first, if there were so many.
      const leaving = sentAt[next] ?? -Infinity;
      const leavingShort = sentAt[next < inShort ? next + rate.count - inShort : next - inShort] ?? -Infinity;
      return Math.max(leaving + windowMs, leavingShort + SHORT_MS);
    },
    record(at) {
      sentAt[next] = at;
      next = next + 1 === rate.count ? 0 : next + 1;
    },
  };
}
