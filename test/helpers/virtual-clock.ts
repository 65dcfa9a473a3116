import type { Clock } from '../../src/ports.ts';

/** Sleeps that end without time moving on, after which a test is taken to hang. */
const MOST_WITHOUT_PROGRESS = 100_000;

/** A clock that stands still until the test moves it. Sleepers wake in the order of their times, then of their calls. */
export interface VirtualClock extends Clock {
  /** Moves time on by `ms`, waking every sleeper on the way at its moment and letting all that follows from it run. */
  advance(ms: number): Promise<void>;
  /** Moves time on until nobody sleeps; throws when that is not so after `limitMs`, or when a sleeper waits for ever. */
  runUntilIdle(limitMs?: number): Promise<void>;
  /** Moves time on until `promise` has settled, and gives its value; throws when everybody is stuck before. */
  runUntil<T>(promise: Promise<T>): Promise<T>;
  /** A blocked event loop: time passes at once and nobody wakes before it is over. */
  stall(ms: number): void;
  /** Moves the wall clock only. */
  jumpWallClock(ms: number): void;
  /** How many sleep. */
  readonly sleeping: number;
}

export interface VirtualClockOptions {
  /** How late each sleep ends, in milliseconds: the resolution and the jitter of real timers. */
  readonly lateMs?: () => number;
}

interface Sleeper {
  readonly wakeAt: number;
  readonly wake: () => void;
}

/** A virtual clock whose wall time and monotonic time begin at `startAt`. The same calls give the same order, always. */
export function createVirtualClock(startAt = 0, options: VirtualClockOptions = {}): VirtualClock {
  const lateMs = options.lateMs ?? (() => 0);
  /** By `wakeAt`, then in the order of the calls. */
  const sleepers: Sleeper[] = [];
  let monotonic = startAt;
  let wallAhead = 0;
  let withoutProgress = 0;

  function insert(sleeper: Sleeper): void {
    let low = 0;
    let high = sleepers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sleepers[middle]?.wakeAt ?? Infinity) <= sleeper.wakeAt) low = middle + 1;
      else high = middle;
    }
    sleepers.splice(low, 0, sleeper);
  }

  /** Wakes the next sleeper, if there is one until then. */
  async function step(until: number): Promise<boolean> {
    const next = sleepers[0];
    if (next === undefined || next.wakeAt > until || next.wakeAt === Infinity) return false;
    sleepers.shift();
    withoutProgress = next.wakeAt > monotonic ? 0 : withoutProgress + 1;
    if (withoutProgress > MOST_WITHOUT_PROGRESS) throw new Error('virtual clock: time stands still');
    monotonic = Math.max(monotonic, next.wakeAt);
    next.wake();
    await settle();
    return true;
  }

  async function runWhile(wanted: () => boolean, until: number): Promise<void> {
    await settle();
    // oxlint-disable-next-line no-await-in-loop -- one sleeper after the other is the point
    while (wanted() && (await step(until)));
  }

  return {
    now: () => Math.floor(monotonic + wallAhead),
    monotonic: () => monotonic,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) {
          resolve();
          return;
        }
        const onAbort = (): void => {
          sleepers.splice(sleepers.indexOf(sleeper), 1);
          resolve();
        };
        const wake = (): void => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        };
        const sleeper = { wakeAt: monotonic + (ms > 0 ? ms : 0) + lateMs(), wake };
        signal?.addEventListener('abort', onAbort, { once: true });
        insert(sleeper);
      }),
    async advance(ms) {
      const until = monotonic + ms;
      await runWhile(() => true, until);
      monotonic = Math.max(monotonic, until);
    },
    async runUntilIdle(limitMs = 1e9) {
      await runWhile(() => true, monotonic + limitMs);
      if (sleepers.length > 0) throw new Error(`virtual clock: ${String(sleepers.length)} still sleep`);
    },
    async runUntil(promise) {
      let settled = false;
      const noteEnd = (): void => {
        settled = true;
      };
      promise.then(noteEnd, noteEnd);
      await runWhile(() => !settled, Infinity);
      if (!settled) throw new Error('virtual clock: nobody will ever wake, and the promise has not settled');
      return promise;
    },
    stall(ms) {
      monotonic += ms;
    },
    jumpWallClock(ms) {
      wallAhead += ms;
    },
    get sleeping() {
      return sleepers.length;
    },
  };
}

/** Lets everything run that waits for no time: microtasks, and the group commits of a run file (one `setImmediate` each). */
async function settle(): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
