import { getEventListeners } from 'node:events';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRateLimiter, type RateLimiter } from '../../src/execute/rate-limiter.ts';
import { systemClock } from '../../src/system-clock.ts';
import type { Rate } from '../../src/types.ts';
import { createVirtualClock, type VirtualClock } from '../helpers/virtual-clock.ts';

const perSecond = (count: number): Rate => ({ count, windowMs: 1000 });
const perMinute = (count: number): Rate => ({ count, windowMs: 60_000 });

/** What is done to the limiter from outside, and when. */
type Disturbance =
  | { readonly at: number; readonly do: 'pause'; readonly ms: number }
  | { readonly at: number; readonly do: 'stall'; readonly ms: number }
  | { readonly at: number; readonly do: 'throttle' }
  /** Everybody who waits gives up, and asks anew. */
  | { readonly at: number; readonly do: 'abort' };

interface Workload {
  readonly rate: Rate;
  readonly requests: number;
  readonly workers: number;
  /** Milliseconds from a turn to the moment its intent is durable. */
  readonly commitMs: () => number;
  readonly answerMs: () => number;
  readonly timerLateMs?: () => number;
  readonly sentBefore?: readonly number[];
  readonly disturbances?: readonly Disturbance[];
}

interface Traffic {
  /** Monotonic times of the requests, those of earlier lives included. */
  readonly sentAt: readonly number[];
  /** Requests that left while a pause was in force. */
  readonly insidePauses: number;
  /** For each request, how long its intent was durable before it left. */
  readonly admittedAfterMs: readonly number[];
  readonly tookMs: number;
}

const START = 1_000_000;

/** Carries a workload out as the executor does: turn, commit, admission, request, answer. */
async function carryOut(load: Workload): Promise<Traffic> {
  const clock = createVirtualClock(START, load.timerLateMs === undefined ? {} : { lateMs: load.timerLateMs });
  const { rate, sentBefore = [] } = load;
  const limiter = createRateLimiter({ rate, clock, sentBefore });
  let abort = new AbortController();
  const sentAt = sentBefore.map((age) => START - age).toSorted((a, b) => a - b);
  let pausedUntil = -Infinity;
  let insidePauses = 0;
  const admittedAfterMs: number[] = [];
  let left = load.requests;

  async function work(): Promise<void> {
    while (left > 0) {
      left -= 1;
      await send();
      await clock.sleep(load.answerMs());
    }
  }

  async function send(): Promise<void> {
    const { signal } = abort;
    if (!(await limiter.turn(signal))) return send();
    await clock.sleep(load.commitMs());
    const durableAt = clock.monotonic();
    if (limiter.tryAdmit() !== 'go' && !(await limiter.admit(signal))) return send();
    const now = clock.monotonic();
    if (now < pausedUntil) insidePauses += 1;
    admittedAfterMs.push(now - durableAt);
    sentAt.push(now);
  }

  async function disturb(): Promise<void> {
    for (const disturbance of (load.disturbances ?? []).toSorted((a, b) => a.at - b.at)) {
      await clock.sleep(START + disturbance.at - clock.monotonic());
      if (disturbance.do === 'stall') clock.stall(disturbance.ms);
      else if (disturbance.do === 'throttle') limiter.throttled();
      else if (disturbance.do === 'abort') {
        const before = abort;
        abort = new AbortController();
        before.abort();
      } else {
        limiter.pause(disturbance.ms);
        pausedUntil = Math.max(pausedUntil, clock.monotonic() + disturbance.ms);
      }
    }
  }

  void disturb();
  await clock.runUntil(Promise.all(Array.from({ length: load.workers }, work)));
  return { sentAt, insidePauses, admittedAfterMs, tookMs: clock.monotonic() - START };
}

/** The most requests that any half-open window of this length held. */
function mostInWindow(sentAt: readonly number[], windowMs: number): number {
  let most = 0;
  let first = 0;
  for (const [index, at] of sentAt.entries()) {
    while (at - (sentAt[first] ?? at) >= windowMs) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

/** "No 100 ms holds more than a fifth of a second's worth, plus one." */
function mostIn100Ms(rate: Rate): number {
  return Math.floor((rate.count / rate.windowMs) * 1000 * 0.2) + 1;
}

/** Uniform in [0, most), and the same numbers for the same seed. */
function chance(seed: number, most: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * most;
  };
}

const rates = fc.oneof(
  fc.integer({ min: 1, max: 200 }).map(perSecond),
  fc.integer({ min: 1, max: 600 }).map(perMinute),
);

const moments = fc.integer({ min: 0, max: 8000 });
const disturbances = fc.array(
  fc.oneof(
    fc.record({ at: moments, do: fc.constant('pause' as const), ms: fc.integer({ min: 0, max: 4000 }) }),
    fc.record({ at: moments, do: fc.constant('stall' as const), ms: fc.integer({ min: 1, max: 1500 }) }),
    fc.record({ at: moments, do: fc.constantFrom('throttle' as const, 'abort' as const) }),
  ),
  { maxLength: 8 },
);

describe('whatever happens', () => {
  test('no window holds too many, none leaves inside a pause, they are spaced, and all leave in the end', async () => {
    await fc.assert(
      fc.asyncProperty(
        rates,
        disturbances,
        fc.record({
          seed: fc.nat(),
          workers: fc.integer({ min: 1, max: 40 }),
          commit: fc.constantFrom(0, 1, 20, 300),
          answer: fc.constantFrom(0, 50, 1000),
          late: fc.constantFrom(0, 2, 15),
        }),
        fc.array(fc.integer({ min: 0, max: 60_000 }), { maxLength: 5 }),
        async (rate, disturbed, load, ages) => {
          // What earlier lives sent kept to the rate as well: leave out what did not.
          const sentBefore = keepingTo(rate, ages);
          const traffic = await carryOut({
            rate,
            requests: 150,
            workers: load.workers,
            commitMs: chance(load.seed, load.commit),
            answerMs: chance(load.seed + 1, load.answer),
            timerLateMs: chance(load.seed + 2, load.late),
            sentBefore,
            disturbances: disturbed,
          });
          expect(traffic.sentAt).toHaveLength(150 + sentBefore.length);
          expect(mostInWindow(traffic.sentAt, rate.windowMs)).toBeLessThanOrEqual(rate.count);
          expect(mostInWindow(traffic.sentAt.slice(sentBefore.length), 100)).toBeLessThanOrEqual(
            mostIn100Ms(rate),
          );
          expect(traffic.insidePauses).toBe(0);
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** Those of the ages that keep to the rate. */
function keepingTo(rate: Rate, ages: readonly number[]): number[] {
  const kept: number[] = [];
  for (const age of ages.toSorted((a, b) => b - a)) {
    if (
      mostInWindow(
        [...kept, age].map((each) => -each),
        rate.windowMs,
      ) <= rate.count
    )
      kept.push(age);
  }
  return kept;
}

describe('with more work than the rate allows', () => {
  test.each([
    [perSecond(1), 60],
    [perSecond(5), 300],
    [perSecond(20), 1000],
    [perSecond(200), 4000],
    [perSecond(2000), 20_000],
    [perMinute(60), 120],
    [perMinute(7), 28],
    [perMinute(1), 5],
  ])('%o is exact in every window, even, and at least 99 %% of it is reached', async (rate, requests) => {
    const { sentAt } = await carryOut({
      rate,
      requests,
      workers: 128,
      commitMs: chance(1, 20),
      answerMs: chance(2, 30),
      // Node's timers: whole milliseconds, rounded up, and a little jitter.
      timerLateMs: chance(3, 1.5),
    });
    const tookMs = (sentAt.at(-1) ?? 0) - (sentAt[0] ?? 0);
    const reached = (sentAt.length - 1) / ((tookMs / rate.windowMs) * rate.count);
    expect(mostInWindow(sentAt, rate.windowMs)).toBeLessThanOrEqual(rate.count);
    expect(mostInWindow(sentAt, 100)).toBeLessThanOrEqual(mostIn100Ms(rate));
    expect(reached).toBeGreaterThanOrEqual(0.99);
    expect(reached).toBeLessThanOrEqual(1);
  });

  test('60/m is one a second, not sixty at the start of a minute', async () => {
    const { sentAt } = await carryOut({
      rate: perMinute(60),
      requests: 90,
      workers: 4,
      commitMs: chance(1, 20),
      answerMs: () => 50,
    });
    const gaps = sentAt.slice(1).map((at, index) => at - (sentAt[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(960);
    expect(Math.max(...gaps)).toBeLessThan(1040);
  });

  test('a stall of 300 ms neither ends in a burst nor lowers the rate afterwards', async () => {
    const rate = perSecond(200);
    const { sentAt } = await carryOut({
      rate,
      requests: 2000,
      workers: 64,
      commitMs: chance(1, 20),
      answerMs: () => 30,
      disturbances: [1000, 2500, 4000].map((at) => ({ at, do: 'stall', ms: 300 })),
    });
    expect(mostInWindow(sentAt, 1000)).toBeLessThanOrEqual(200);
    expect(mostInWindow(sentAt, 100)).toBeLessThanOrEqual(41);
    const afterwards = sentAt.filter((at) => at >= START + 5000 && at < START + 10_000);
    expect(afterwards.length).toBeGreaterThanOrEqual(0.99 * 1000);
  });

  test('intents that took a second to become durable do not keep those after them open', async () => {
    let commits = 0;
    const { sentAt, tookMs, admittedAfterMs } = await carryOut({
      rate: perSecond(5),
      requests: 200,
      workers: 8,
      commitMs: () => {
        commits += 1;
        return commits > 20 && commits <= 24 ? 1000 : 5;
      },
      answerMs: () => 100,
    });
    expect(mostInWindow(sentAt, 1000)).toBeLessThanOrEqual(5);
    expect(tookMs).toBeLessThan(200 * 201 + 1000);
    expect(Math.max(...admittedAfterMs.slice(40))).toBeLessThanOrEqual(50);
  });

  test('a resumed run opens no intent long before it may send', async () => {
    const { admittedAfterMs } = await carryOut({
      rate: perMinute(7),
      requests: 10,
      workers: 4,
      commitMs: () => 5,
      answerMs: () => 100,
      sentBefore: [1000, 2000, 3000, 4000, 5000, 6000, 7000],
    });
    expect(Math.max(...admittedAfterMs)).toBeLessThanOrEqual(25);
  });
});

interface Setup {
  readonly clock: VirtualClock;
  readonly limiter: RateLimiter;
  readonly abort: AbortController;
  /** Asks for a turn; collects the name when it comes. */
  readonly ask: (name: string, notBefore?: number) => Promise<boolean>;
  readonly had: string[];
  /** The rates that were told, per second. */
  readonly told: number[];
}

function setUp(rate: Rate, sentBefore: readonly number[] = []): Setup {
  const clock = createVirtualClock(START);
  const told: number[] = [];
  const limiter = createRateLimiter({ rate, clock, sentBefore, onRate: (now) => told.push(now) });
  const abort = new AbortController();
  const had: string[] = [];
  const ask = async (name: string, notBefore?: number): Promise<boolean> => {
    const isMyTurn = await limiter.turn(abort.signal, notBefore);
    if (isMyTurn) had.push(name);
    return isMyTurn;
  };
  return { clock, limiter, abort, ask, had, told };
}

describe('a turn', () => {
  test('is had at once when nobody was before', async () => {
    const { clock, limiter, abort } = setUp(perMinute(1));
    await expect(limiter.turn(abort.signal)).resolves.toBe(true);
    expect(limiter.tryAdmit()).toBe('go');
    expect(clock.monotonic()).toBe(START);
  });

  test('comes in the order in which it was asked for', async () => {
    const { clock, ask, had } = setUp(perSecond(10));
    for (const name of ['a', 'b', 'c', 'd', 'e']) void ask(name);
    await clock.advance(1000);
    expect(had).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('is not held up by rows in backoff, which come first again when their time has come', async () => {
    const { clock, ask, had } = setUp(perSecond(10));
    void ask('backs off', START + 250);
    for (const name of ['a', 'b', 'c', 'd', 'e']) void ask(name);
    await clock.advance(1000);
    expect(had).toEqual(['a', 'b', 'c', 'backs off', 'd', 'e']);
  });

  test('comes when the backoff is over, even if nobody else asks', async () => {
    const { clock, ask, had } = setUp(perSecond(10));
    void ask('a', START + 4321);
    await clock.advance(4320);
    expect(had).toEqual([]);
    await clock.advance(1);
    expect(had).toEqual(['a']);
  });

  test('is not saved up while nobody asks: ten milliseconds are caught up, at most', async () => {
    const { clock, ask, had } = setUp(perSecond(200));
    clock.stall(60_000);
    for (let row = 0; row < 50; row += 1) void ask(String(row));
    await clock.advance(0);
    expect(had.length).toBeLessThanOrEqual(3);
  });

  test('that is left unused counts nothing', async () => {
    const { clock, limiter, abort } = setUp(perSecond(2));
    for (let turn = 0; turn < 20; turn += 1) await clock.runUntil(limiter.turn(abort.signal));
    expect([limiter.tryAdmit(), limiter.tryAdmit()]).toEqual(['go', 'wait']);
  });

  test('waits with one timer and one listener, however many ask', async () => {
    const { clock, ask, abort } = setUp(perSecond(10));
    for (let row = 0; row < 100; row += 1) void ask(String(row), START + (100 - row) * 7);
    await clock.advance(0);
    expect(clock.sleeping).toBe(1);
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(1);
  });
});

describe('admission', () => {
  test('comes in the order in which it was asked for, even when the timer is late', async () => {
    const { clock, limiter, abort } = setUp(perSecond(1));
    expect(limiter.tryAdmit()).toBe('go');
    const waiting = limiter.admit(abort.signal);
    clock.stall(1500);
    expect(limiter.tryAdmit()).toBe('wait');
    await expect(clock.runUntil(waiting)).resolves.toBe(true);
    expect(limiter.tryAdmit()).toBe('wait');
  });
});

describe('an abort', () => {
  test('ends every wait with false at once, and leaves no timer', async () => {
    const { clock, limiter, abort, ask } = setUp(perMinute(1));
    await limiter.turn(abort.signal);
    expect(limiter.tryAdmit()).toBe('go');
    const waits = [ask('a'), ask('b', START + 1e9), limiter.admit(abort.signal)];
    abort.abort();
    await expect(Promise.all(waits)).resolves.toEqual([false, false, false]);
    expect(clock.sleeping).toBe(0);
    expect(clock.monotonic()).toBe(START);
  });

  test('that came before is seen at once', async () => {
    const { limiter } = setUp(perSecond(5));
    await expect(limiter.turn(AbortSignal.abort())).resolves.toBe(false);
    await expect(limiter.admit(AbortSignal.abort())).resolves.toBe(false);
    expect(limiter.tryAdmit()).toBe('go');
  });

  test('of one caller leaves the others waiting', async () => {
    const { clock, limiter, ask, had } = setUp(perSecond(1));
    const impatient = new AbortController();
    void ask('a');
    const given = limiter.turn(impatient.signal);
    void ask('b');
    impatient.abort();
    await expect(given).resolves.toBe(false);
    await clock.advance(1100);
    expect(had).toEqual(['a', 'b']);
  });
});

describe('a pause', () => {
  test('gives nobody a turn and admits nobody until it is over', async () => {
    const { clock, limiter, abort, ask, had } = setUp(perSecond(100));
    limiter.pause(2000);
    expect(limiter.pausedMs()).toBe(2000);
    void ask('a');
    await clock.advance(1999);
    expect(had).toEqual([]);
    expect(limiter.tryAdmit()).toBe('paused');
    await expect(limiter.admit(abort.signal)).resolves.toBe(false);
    await clock.advance(1);
    expect(had).toEqual(['a']);
    expect(limiter.tryAdmit()).toBe('go');
    expect(limiter.pausedMs()).toBe(0);
  });

  test('sends those away who wait for admission', async () => {
    const { clock, limiter, abort } = setUp(perSecond(1));
    expect(limiter.tryAdmit()).toBe('go');
    const waiting = limiter.admit(abort.signal);
    await clock.advance(100);
    limiter.pause(50);
    await expect(waiting).resolves.toBe(false);
  });

  test('is never shortened by another one', () => {
    const { clock, limiter } = setUp(perSecond(100));
    limiter.pause(5000);
    limiter.pause(100);
    expect(limiter.pausedMs()).toBe(5000);
    clock.stall(1000);
    limiter.pause(6000);
    expect(limiter.pausedMs()).toBe(6000);
  });

  test.each([0, -1000, Number.NaN, -Infinity])('of %d ms is none', (ms) => {
    const { limiter } = setUp(perSecond(100));
    limiter.pause(ms);
    expect(limiter.pausedMs()).toBe(0);
    expect(limiter.tryAdmit()).toBe('go');
  });

  test('without an end stays one, and an abort ends the wait for it', async () => {
    const { clock, limiter, abort, ask } = setUp(perSecond(100));
    limiter.pause(Infinity);
    expect(Number.isFinite(limiter.pausedMs())).toBe(true);
    const asked = ask('a');
    await clock.advance(1e9);
    expect(limiter.tryAdmit()).toBe('paused');
    abort.abort();
    await expect(asked).resolves.toBe(false);
  });

  test('is not moved by a wall clock that jumps', async () => {
    const { clock, limiter, ask, had } = setUp(perSecond(100));
    limiter.pause(2000);
    clock.jumpWallClock(3_600_000);
    void ask('a');
    await clock.advance(1999);
    expect(had).toEqual([]);
  });
});

describe('the rate', () => {
  test('is halved by a 429, at most once per second', () => {
    const { clock, limiter, told } = setUp(perSecond(8));
    limiter.throttled();
    limiter.throttled();
    clock.stall(999);
    limiter.throttled();
    expect(told).toEqual([4]);
    clock.stall(1);
    limiter.throttled();
    expect(told).toEqual([4, 2]);
  });

  test.each([
    [perSecond(5), 0.1],
    [perMinute(3), 0.05],
  ])('of %o never falls below %d/s', (rate, lowest) => {
    const { clock, limiter, told } = setUp(rate);
    for (let time = 0; time < 100; time += 1) {
      limiter.throttled();
      clock.stall(1000);
    }
    expect(told.at(-1) ?? rate.count / 60).toBe(lowest);
  });

  test('comes back by a tenth for every 30 clean seconds, and never above what was configured', async () => {
    const { clock, limiter, abort, told } = setUp(perSecond(10));
    limiter.throttled();
    const work = async (): Promise<void> => {
      while (await limiter.turn(abort.signal)) limiter.tryAdmit();
    };
    const working = work();
    await clock.advance(29_000);
    expect(told).toEqual([5]);
    await clock.advance(2000);
    expect(told).toEqual([5, 6]);
    await clock.advance(300_000);
    expect(told).toEqual([5, 6, 7, 8, 9, 10]);
    abort.abort();
    await working;
  });

  test('does not come back through a pause, in which nothing was proved', async () => {
    const { clock, limiter, abort, told } = setUp(perSecond(10));
    limiter.throttled();
    limiter.pause(300_000);
    await clock.runUntil(limiter.turn(abort.signal));
    expect(told).toEqual([5]);
    await clock.advance(30_000);
    await clock.runUntil(limiter.turn(abort.signal));
    expect(told).toEqual([5, 6]);
  });

  test('spaces turns at once as low as it is', async () => {
    const { clock, limiter, abort } = setUp(perSecond(10));
    await limiter.turn(abort.signal);
    limiter.tryAdmit();
    limiter.throttled();
    await clock.runUntil(limiter.turn(abort.signal));
    expect(clock.monotonic() - START).toBeGreaterThanOrEqual(200);
  });

  test.each([
    { count: 0, windowMs: 1000 },
    { count: Number.NaN, windowMs: 1000 },
    { count: 1.5, windowMs: 1000 },
    { count: 5, windowMs: 0 },
    { count: 5, windowMs: Number.NaN },
    { count: 5, windowMs: Infinity },
  ])('must be one: %o is refused', (rate) => {
    expect(() => createRateLimiter({ rate, clock: createVirtualClock() })).toThrow(RangeError);
  });
});

describe('what earlier lives sent', () => {
  test('is waited out', async () => {
    const { clock, limiter, abort } = setUp(perSecond(5), [0, 200, 400, 600, 800]);
    await clock.runUntil(limiter.turn(abort.signal));
    await clock.runUntil(limiter.admit(abort.signal));
    expect(clock.monotonic() - START).toBeGreaterThanOrEqual(200);
    expect(clock.monotonic() - START).toBeLessThan(210);
  });

  test('is waited out when it was more than the rate of this life allows', async () => {
    const ages = Array.from({ length: 50 }, (_, index) => index * 1000);
    const { clock, limiter, abort } = setUp(perMinute(10), ages);
    await clock.runUntil(limiter.turn(abort.signal));
    await clock.runUntil(limiter.admit(abort.signal));
    // All but nine must have left the window: the tenth-youngest is 9 s old.
    expect(clock.monotonic() - START).toBeGreaterThanOrEqual(51_000);
  });

  test.each([-5000, Number.NaN])('counts as sent just now when its age makes no sense: %d', async (age) => {
    const { clock, limiter, abort } = setUp(perMinute(1), [age]);
    await clock.runUntil(limiter.turn(abort.signal));
    await clock.runUntil(limiter.admit(abort.signal));
    expect(clock.monotonic() - START).toBeGreaterThanOrEqual(60_000);
  });

  test('does not matter when it was long ago', async () => {
    const { clock, limiter, abort } = setUp(perSecond(1), [1006, 5000, 1e9]);
    await limiter.turn(abort.signal);
    expect(limiter.tryAdmit()).toBe('go');
    expect(clock.monotonic()).toBe(START);
  });
});

test("with the machine's own clock and timers, 500/s is exact", async () => {
  const limiter = createRateLimiter({ rate: perSecond(500), clock: systemClock });
  const { signal } = new AbortController();
  const sentAt: number[] = [];
  const work = async (): Promise<void> => {
    while (sentAt.length < 700) {
      await limiter.turn(signal);
      if (limiter.tryAdmit() === 'go' || (await limiter.admit(signal))) sentAt.push(performance.now());
    }
  };
  await Promise.all(Array.from({ length: 32 }, work));
  // Judged a little short: this process may lose the processor between an admission and its stamp here.
  expect(mostInWindow(sentAt, 960)).toBeLessThanOrEqual(500);
  expect(mostInWindow(sentAt, 90)).toBeLessThanOrEqual(101);
});
