import type { Clock } from '../ports.ts';
import type { Rate } from '../types.ts';
import { createAdaptiveRate } from './adaptive-rate.ts';
import { createAlarm } from './alarm.ts';
import { createSendLog, fullIntervalMs } from './send-log.ts';

/** A stall up to this long is caught up, at twice the pace. What took longer was no stall: nobody had anything to send. */
const CATCH_UP_MS = 500;
/** Timers are late by as much, and what they missed is made good at once. */
const TIMER_MS = 10;
/** How long before its request may leave a row gets its turn, at most: the time in which its intent becomes durable. */
const LONGEST_LEAD_MS = 25;
/** Where that is quick, a turn ahead of time would only be one more wake, of the same length. */
const QUICK_MS = 3;
/** How much of a slow one counts at the next. */
const REMEMBERED = 0.9;
/** Turns that are due within a tenth of a second are given together, so many at most: to wake up costs most of what a request costs. */
const MOST_TOGETHER = 5;
const TOGETHER_MS = 105;

/** What `tryAdmit` says: send now; `admit` would wait; or a pause began: withdraw the intent and ask for a new turn. */
type Admission = 'go' | 'wait' | 'paused';

/**
 * The one gate through which every request of a run leaves. A row asks for its `turn`, makes its intent durable, is then
 * admitted, and says when it really left, since it may have to wait for a connection. No sliding window holds more
 * requests than the rate allows, nobody is admitted inside a pause, and requests are spaced: the few of a tenth of a second
 * at a time, never a window's worth.
 *
 * The way to send: `limiter.tryAdmit() === 'go' || (await limiter.admit(signal))`, and `left` when it leaves. What waits
 * costs a promise, so both gates can be tried first.
 */
export interface RateLimiter {
  /**
   * Resolves with true when it is this caller's turn: first come, first served among those whose `notBefore` (monotonic
   * milliseconds: a row's backoff) has passed. Resolves with false when `signal` aborted. A turn may be left unused.
   */
  turn(signal: AbortSignal, notBeforeMonotonic?: number): Promise<boolean>;
  /** `turn` without waiting: true when it is this caller's turn at this moment. Never overtakes one that waits. */
  tryTurn(notBeforeMonotonic: number): boolean;
  /** `admit` without waiting: at `go` the request has been counted and is to leave now. Never overtakes one that waits. */
  tryAdmit(): Admission;
  /**
   * Waits, normally not at all, else some milliseconds, or for as long as others wait for their connections, until the
   * request may leave, and counts it. False: `signal` aborted, or a pause began meanwhile; the caller withdraws its
   * intent and, if not aborted, asks for a new turn.
   */
  admit(signal: AbortSignal): Promise<boolean>;
  /** Nobody gets a turn or is admitted for `ms` from now. The longest pause wins; negative and NaN are no pause. */
  pause(ms: number): void;
  /** A 429 came: halves the present rate, at most once per second; 30 clean seconds without a pause give 10 % back. */
  throttled(): void;
  /** To be said once of each that was admitted: its request leaves at this moment, or it is known that it never will. */
  left(): void;
  /** Milliseconds until the pause ends; 0 without one. */
  pausedMs(): number;
}

export interface RateLimiterOptions {
  readonly rate: Rate;
  readonly clock: Clock;
  /** Ages in milliseconds of requests that earlier lives of the run sent within the window. A negative one counts as 0. */
  readonly sentBefore?: readonly number[];
  /** Told when the present rate changes. */
  readonly onRate?: (perSecond: number) => void;
}

interface Waiter {
  readonly signal: AbortSignal;
  readonly notBefore: number;
  readonly resolve: (mayGoOn: boolean) => void;
}

/** A limiter for one life of a run. Throws a RangeError for a rate that is none: a limit that is NaN would limit nothing. */
export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const { rate, clock } = options;
  if (
    !Number.isSafeInteger(rate.count) ||
    rate.count < 1 ||
    !(rate.windowMs > 0 && rate.windowMs < Infinity)
  ) {
    throw new RangeError(`not a rate: ${String(rate.count)} in ${String(rate.windowMs)} ms`);
  }
  const configured = (rate.count / rate.windowMs) * 1000;
  const present = createAdaptiveRate(configured, options.onRate);
  const log = createSendLog(rate);
  /** Both in the order of arrival; sets, so that leaving is cheap from anywhere. */
  const forTurn = new Set<Waiter>();
  const forAdmission = new Set<Waiter>();
  const turnAlarm = createAlarm(clock, serve);
  const admissionAlarm = createAlarm(clock, serve);
  let pausedUntil = -Infinity;
  /** When the next turn is due, if turns are evenly spaced. */
  let turnAt = -Infinity;
  /** When it may be given at the earliest, at twice that pace. */
  let soonestTurnAt = -Infinity;
  const startedAt = clock.monotonic();
  let lastTurnAt = startedAt;
  /** How long it lately took from a turn to the wish to be admitted: mostly, to make an intent durable. */
  let recordedInMs = 0;
  // An age that makes no sense (the wall clock jumped) counts as a request sent just now.
  const agesMs = (options.sentBefore ?? []).map((age) => Math.max(0, age || 0));
  for (const age of agesMs.toSorted((a, b) => b - a)) {
    log.aboutToLeave();
    log.left(startedAt - age);
  }

  /** The even spacing at the present rate. */
  function intervalMs(): number {
    return fullIntervalMs(rate) * (configured / present.perSecond);
  }

  /** How many turns are given at one wake, where the windows have room. */
  function turnsTogether(): number {
    return Math.max(1, Math.min(MOST_TOGETHER, Math.floor(TOGETHER_MS / intervalMs())));
  }

  /** When the next turn may be given: not so early that its request would have to wait for long. */
  function nextTurnAt(): number {
    const leadMs = recordedInMs < QUICK_MS ? 0 : recordedInMs;
    return Math.max(turnAt, soonestTurnAt, pausedUntil, log.earliest() - leadMs);
  }

  function admitNow(now: number): Admission {
    if (now < pausedUntil) return 'paused';
    if (now < log.earliest()) return 'wait';
    log.aboutToLeave();
    return 'go';
  }

  /** Lets everybody go on whose time has come, and sets the alarms for the next. */
  function serve(): void {
    const now = clock.monotonic();
    present.recover(now);
    for (const waiter of forAdmission) {
      const admission = admitNow(now);
      if (admission === 'wait') break;
      forAdmission.delete(waiter);
      waiter.resolve(admission === 'go');
    }
    const turns = now < nextTurnAt() ? 0 : turnsTogether();
    let given = 0;
    for (const waiter of forTurn) {
      if (given === turns || now < log.earliest(given + 1) - LONGEST_LEAD_MS) break;
      if (waiter.notBefore > now) continue;
      given += 1;
      takeTurn(now);
      forTurn.delete(waiter);
      waiter.resolve(true);
    }
    admissionAlarm.set(forAdmission.size > 0 ? log.earliest() : Infinity);
    turnAlarm.set(nextTurnPossibleAt());
  }

  /** When one of those who wait can have a turn; Infinity when nobody waits. */
  function nextTurnPossibleAt(): number {
    let readyAt = Infinity;
    for (const waiter of forTurn) readyAt = Math.min(readyAt, waiter.notBefore);
    return Math.max(readyAt, nextTurnAt());
  }

  function wait(queue: Set<Waiter>, signal: AbortSignal, notBefore: number): Promise<boolean> {
    // Heard once, however often it is said: the listener is always the same.
    signal.addEventListener('abort', dropAborted);
    return new Promise((resolve) => {
      queue.add({ signal, notBefore, resolve });
      serve();
    });
  }

  function dropAborted(): void {
    for (const queue of [forTurn, forAdmission]) {
      for (const waiter of queue) {
        if (!waiter.signal.aborted) continue;
        queue.delete(waiter);
        waiter.resolve(false);
      }
    }
    serve();
  }

  /** A turn without waiting, for nobody who would overtake another. */
  function tryTurn(notBefore: number): boolean {
    const now = clock.monotonic();
    present.recover(now);
    if (forTurn.size > 0 || notBefore > now || now < nextTurnAt()) return false;
    takeTurn(now);
    return true;
  }

  function takeTurn(now: number): void {
    lastTurnAt = now;
    if (now - turnAt > CATCH_UP_MS) turnAt = now;
    turnAt += intervalMs();
    soonestTurnAt = Math.max(soonestTurnAt, now - TIMER_MS) + intervalMs() / 2;
  }

  return {
    tryTurn,
    turn(signal, notBeforeMonotonic = -Infinity) {
      if (signal.aborted) return Promise.resolve(false);
      return tryTurn(notBeforeMonotonic) ? Promise.resolve(true) : wait(forTurn, signal, notBeforeMonotonic);
    },
    tryAdmit() {
      const now = clock.monotonic();
      recordedInMs = Math.min(LONGEST_LEAD_MS, Math.max(now - lastTurnAt, recordedInMs * REMEMBERED));
      // A pause sends everybody away who waits for admission, so where somebody waits there is none.
      return forAdmission.size > 0 ? 'wait' : admitNow(now);
    },
    admit(signal) {
      // Whoever waits here has had its backoff.
      return signal.aborted ? Promise.resolve(false) : wait(forAdmission, signal, 0);
    },
    pause(ms) {
      if (!(ms > 0)) return;
      // A finite end, so that sums with it stay numbers.
      const until = clock.monotonic() + Math.min(ms, Number.MAX_SAFE_INTEGER);
      pausedUntil = Math.max(pausedUntil, until);
      // A pause is no stall that could be caught up.
      turnAt = Math.max(turnAt, pausedUntil);
      present.idleUntil(until);
      serve();
    },
    throttled() {
      const before = intervalMs();
      present.throttled(clock.monotonic());
      // Nobody's turn comes earlier by this, so the timer that runs does for everybody.
      turnAt += intervalMs() - before;
    },
    left() {
      const wasFull = log.earliest() === Infinity;
      log.left(clock.monotonic());
      // No alarm was set for those who waited for this.
      if (wasFull) serve();
    },
    pausedMs() {
      return pausedUntil === -Infinity ? 0 : Math.max(0, pausedUntil - clock.monotonic());
    },
  };
}
