import type { Rate } from '../types.ts';

/** Windows are kept this much longer than asked, for the difference between our clock and the server's. */
const GUARD_MS = 5;
/** No 100 ms hold more than a fifth of a second's worth, plus one: a stall must not end in a burst. */
const SHORT_MS = 100 + GUARD_MS;
const SHORT_WORTH_MS = 200;
/** A power of two, as all its doubles. */
const FIRST_ROOM = 64;

/** When requests really left, and from that, when the next one may. All times are monotonic milliseconds. */
export interface SendLog {
  /**
   * The first moment at which the next request may leave, or the `nth` from now on, if those before it left at once; may lie
   * in the past. Infinity: as many as a window may hold are about to leave.
   */
  earliest(nth?: number): number;
  /** A request is about to leave: nobody knows when. */
  aboutToLeave(): void;
  /** One of those that were about to leave leaves `at` this moment, which is never earlier than the one before. */
  left(at: number): void;
  /** How many sends are remembered: those that still count in a window. */
  readonly kept: number;
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
  const sent = createRecentTimes();
  /** How many are about to leave: each counts in every window that ends in the future. */
  let leaving = 0;

  return {
    earliest(nth = 1) {
      const before = leaving + nth - 1;
      if (before >= inShort) return Infinity;
      // Those that must have left the windows first, if there were so many.
      return Math.max(sent.latest(rate.count - before) + windowMs, sent.latest(inShort - before) + SHORT_MS);
    },
    aboutToLeave() {
      leaving += 1;
    },
    left(at) {
      leaving -= 1;
      sent.add(at, at - Math.max(windowMs, SHORT_MS));
    },
    get kept() {
      return sent.size;
    },
  };
}

interface RecentTimes {
  /** The `nth` latest of them, from 1; -Infinity when there are not so many. */
  latest(nth: number): number;
  /** Adds one, never earlier than those before, and forgets those that are not later than `horizon`. */
  add(at: number, horizon: number): void;
  readonly size: number;
}

/** A ring that grows with what it must remember: a rate that nothing reaches must not cost the memory of its count. */
function createRecentTimes(): RecentTimes {
  let ring = new Float64Array(FIRST_ROOM);
  let size = 0;
  /** The place of the next. */
  let next = 0;

  function grow(): void {
    const grown = new Float64Array(ring.length * 2);
    // It is full, so the oldest is at `next`.
    grown.set(ring.subarray(next));
    grown.set(ring.subarray(0, next), ring.length - next);
    next = size;
    ring = grown;
  }
  const latest = (nth: number): number =>
    nth > size ? -Infinity : Number(ring[(next - nth) & (ring.length - 1)]);

  return {
    latest,
    add(at, horizon) {
      while (size > 0 && latest(size) <= horizon) size -= 1;
      if (size === ring.length) grow();
      ring[next] = at;
      next = (next + 1) & (ring.length - 1);
      size += 1;
    },
    get size() {
      return size;
    },
  };
}
