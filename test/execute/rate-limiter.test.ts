import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { createRateLimiter, type RateLimiter } from '../../src/execute/rate-limiter.ts';
import type { Clock } from '../../src/ports.ts';
import type { Rate } from '../../src/types.ts';
import { createVirtualClock, type VirtualClock } from '../helpers/virtual-clock.ts';

const perSecond = (count: number): Rate => ({ count, windowMs: 1000 });
const perMinute = (count: number): Rate => ({ count, windowMs: 60_000 });

const START = 1_000_000;

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

/** Whatever is admitted leaves in the same moment. */
function leavingAtOnce(limiter: RateLimiter): RateLimiter {
  return {
    ...limiter,
    tryAdmit() {
      const admission = limiter.tryAdmit();
      if (admission === 'go') limiter.left();
      return admission;
    },
    async admit(signal) {
      const isAdmitted = await limiter.admit(signal);
      if (isAdmitted) limiter.left();
      return isAdmitted;
    },
  };
}

function setUp(rate: Rate, sentBefore: readonly number[] = []): Setup {
  const clock = createVirtualClock(START);
  const told: number[] = [];
  const limiter = leavingAtOnce(
    createRateLimiter({ rate, clock, sentBefore, onRate: (now) => told.push(now) }),
  );
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
  test('is had at once when nobody was before, without anything that waits', async () => {
    const { clock, limiter, abort } = setUp(perMinute(1));
    const turn = limiter.turn(abort.signal, START);
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
    await expect(clock.runUntil(turn)).resolves.toBe(true);
    expect(limiter.tryAdmit()).toBe('go');
    expect(clock.monotonic()).toBe(START);
  });

  test('is had at once at the moment when it is due', async () => {
    const { clock, limiter, abort, ask } = setUp(perSecond(10));
    await ask('first');
    clock.stall(100.5);
    void limiter.turn(abort.signal);
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  });

  test('comes in the order in which it was asked for', async () => {
    const { clock, ask, had } = setUp(perSecond(10));
    for (const name of ['a', 'b', 'c', 'd', 'e']) void ask(name);
    await clock.advance(1000);
    expect(had).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('overtakes nobody whose timer is late', async () => {
    const { clock, ask, had } = setUp(perSecond(10));
    void ask('late', START + 250);
    clock.stall(1000);
    void ask('next');
    await clock.advance(0);
    expect(had).toEqual(['late']);
    await clock.advance(1000);
    expect(had).toEqual(['late', 'next']);
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

  test.each([0, 501, 60_000])('is not saved up while nobody asks for %d ms', async (idleMs) => {
    const { clock, ask, had } = setUp(perSecond(10));
    await ask('first');
    clock.stall(100.5 + idleMs);
    for (let row = 0; row < 50; row += 1) void ask(String(row));
    await clock.advance(100);
    expect(had).toEqual(['first', '0']);
    await clock.advance(0.5);
    expect(had).toEqual(['first', '0', '1']);
  });

  test('that was missed in half a second is made good at twice the pace, and then no more', async () => {
    const { clock, ask, had } = setUp(perSecond(10));
    await ask('first');
    clock.stall(100.5 + 500);
    for (let row = 0; row < 50; row += 1) void ask(String(row));
    // Ten milliseconds of lateness are made good at once.
    const pace: number[] = [];
    for (let time = 0; time < 14; time += 1) {
      await clock.advance(50.5);
      pace.push(had.length);
    }
    expect(pace).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 12, 13, 13, 14]);
  });

  test('that is left unused counts nothing', async () => {
    const { clock, limiter, abort } = setUp(perSecond(2));
    for (let turn = 0; turn < 20; turn += 1) await clock.runUntil(limiter.turn(abort.signal));
    expect([limiter.tryAdmit(), limiter.tryAdmit()]).toEqual(['go', 'wait']);
  });

  test('leaves a timer alone that is early enough', async () => {
    const clock = createVirtualClock(START);
    let timers = 0;
    const counted: Clock = {
      ...clock,
      sleep: (ms, signal) => {
        timers += 1;
        return clock.sleep(ms, signal);
      },
    };
    const limiter = createRateLimiter({ rate: perSecond(10), clock: counted });
    const { signal } = new AbortController();
    for (const notBefore of [500, 500, 700, 500]) void limiter.turn(signal, START + notBefore);
    expect(timers).toBe(1);
    void limiter.turn(signal, START + 499);
    expect(timers).toBe(2);
    expect(clock.sleeping).toBe(1);
  });

  test('waits with one timer and one listener, however many ask', async () => {
    const { clock, ask, abort } = setUp(perSecond(10));
    for (let row = 0; row < 100; row += 1) void ask(String(row), START + (100 - row) * 7);
    await clock.advance(0);
    expect(clock.sleeping).toBe(1);
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(1);
  });
});

describe('turns', () => {
  test.each([
    [perSecond(5), 1],
    [perSecond(10), 1],
    [perSecond(20), 2],
    [perSecond(50), 5],
    [perSecond(500), 5],
    [perMinute(300), 1],
    [perMinute(3000), 5],
  ])('at %o come %d at a time: those of a tenth of a second, five at most', async (rate, together) => {
    const { clock, ask, had } = setUp(rate);
    const intervalMs = (rate.windowMs + 5) / rate.count;
    await ask('first');
    for (let row = 0; row < 20; row += 1) void ask(String(row));
    await clock.advance(intervalMs - 0.01);
    expect(had).toHaveLength(1);
    await clock.advance(0.02);
    expect(had).toHaveLength(1 + together);
    await clock.advance(together * intervalMs - 0.02);
    expect(had).toHaveLength(1 + together);
    await clock.advance(0.02);
    expect(had).toHaveLength(1 + 2 * together);
  });

  test('that come together pass over rows in backoff', async () => {
    const { clock, ask, had } = setUp(perSecond(50));
    await ask('first');
    for (const name of ['a', 'b']) void ask(name);
    for (let row = 0; row < 5; row += 1) void ask('backs off', START + 5_000);
    for (const name of ['c', 'd', 'e', 'f']) void ask(name);
    await clock.advance(25);
    expect(had).toEqual(['first', 'a', 'b', 'c', 'd', 'e']);
  });

  test('that come together are no more than the window has room for soon', async () => {
    // Three of fifty may leave now, the others when those of earlier lives are a second old.
    const { clock, limiter, ask, had } = setUp(
      perSecond(50),
      Array.from({ length: 47 }, () => 400),
    );
    await ask('first');
    const admissions = [limiter.tryAdmit()];
    for (let row = 0; row < 20; row += 1) {
      void ask(String(row)).then(() => admissions.push(limiter.tryAdmit()));
    }
    await clock.advance(100);
    expect(had).toHaveLength(1 + 2);
    expect(admissions).toEqual(['go', 'go', 'go']);
    await clock.advance(504.9);
    expect(had).toHaveLength(1 + 2);
    await clock.advance(0.2);
    expect(had).toHaveLength(1 + 2 + 5);
    expect(admissions).not.toContain('wait');
  });

  /** How long after the moment at which the next turn were due, if nothing took any time, it comes. */
  async function nextTurnAfter(recordedInMs: number): Promise<number> {
    const { clock, limiter, abort } = setUp(perSecond(1));
    await clock.runUntil(limiter.turn(abort.signal));
    clock.stall(recordedInMs);
    limiter.tryAdmit();
    await clock.runUntil(limiter.turn(abort.signal));
    return clock.monotonic() - START - 1005;
  }

  test('come ahead of the time at which their requests may leave, where it takes time to record an intent', async () => {
    expect(await nextTurnAfter(2.999)).toBeCloseTo(2.999, 6);
    expect(await nextTurnAfter(3)).toBeCloseTo(0, 6);
    expect(await nextTurnAfter(20)).toBeCloseTo(0, 6);
    expect(await nextTurnAfter(40)).toBeCloseTo(15, 6);
  });

  test('come less and less ahead once intents are recorded at once again', async () => {
    const { clock, limiter, abort } = setUp(perSecond(1));
    const leadsMs: number[] = [];
    await clock.runUntil(limiter.turn(abort.signal));
    clock.stall(20);
    limiter.tryAdmit();
    for (let turn = 0; turn < 20; turn += 1) {
      await clock.runUntil(limiter.turn(abort.signal));
      const at = clock.monotonic();
      if (limiter.tryAdmit() !== 'go') await clock.runUntil(limiter.admit(abort.signal));
      leadsMs.push(Math.round((clock.monotonic() - at) * 1e6) / 1e6);
    }
    const remembered = Array.from({ length: 20 }, (_, turn) => 20 * 0.9 ** turn);
    expect(leadsMs).toEqual(remembered.map((ms) => (ms < 3 ? 0 : Math.round(ms * 1e6) / 1e6)));
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
    await clock.advance(1005);
    expect(limiter.tryAdmit()).toBe('go');
  });
});

describe('a request that is admitted and waits for its connection', () => {
  test('lets no more be admitted than a window may hold, and counts from when it left', async () => {
    const clock = createVirtualClock(START);
    const limiter = createRateLimiter({ rate: perSecond(1), clock });
    const { signal } = new AbortController();
    expect(limiter.tryAdmit()).toBe('go');
    const turn = limiter.turn(signal);
    const next = limiter.admit(signal);
    await clock.advance(5_000);
    expect(limiter.tryAdmit()).toBe('wait');
    expect(clock.sleeping).toBe(0);
    limiter.left();
    await expect(clock.runUntil(next)).resolves.toBe(true);
    expect(clock.monotonic()).toBe(START + 5_000 + 1_005);
    limiter.left();
    await expect(clock.runUntil(turn)).resolves.toBe(true);
  });

  test('wakes nobody when it leaves unless others wait for that: one look at the clock is all', () => {
    const clock = createVirtualClock(START);
    let looks = 0;
    const counted: Clock = {
      ...clock,
      monotonic: () => {
        looks += 1;
        return clock.monotonic();
      },
    };
    const limiter = createRateLimiter({ rate: perSecond(5), clock: counted });
    expect(limiter.tryAdmit()).toBe('go');
    looks = 0;
    limiter.left();
    expect(looks).toBe(1);
  });
});

describe('an abort', () => {
  test('ends every wait with false at once, and leaves no timer', async () => {
    const { clock, limiter, abort, ask } = setUp(perMinute(1));
    await clock.runUntil(limiter.turn(abort.signal));
    expect(limiter.tryAdmit()).toBe('go');
    const waits = [ask('a'), ask('b', START + 1e9), limiter.admit(abort.signal)];
    abort.abort();
    await expect(clock.runUntil(Promise.all(waits))).resolves.toEqual([false, false, false]);
    expect(clock.sleeping).toBe(0);
    expect(clock.monotonic()).toBe(START);
  });

  test('that came before is seen at once', async () => {
    const { clock, limiter } = setUp(perSecond(5));
    await expect(clock.runUntil(limiter.turn(AbortSignal.abort()))).resolves.toBe(false);
    await expect(clock.runUntil(limiter.admit(AbortSignal.abort()))).resolves.toBe(false);
    expect(limiter.tryAdmit()).toBe('go');
  });

  test('of one caller leaves the others waiting', async () => {
    const { clock, limiter, ask, had } = setUp(perSecond(1));
    const impatient = new AbortController();
    void ask('a');
    const given = limiter.turn(impatient.signal);
    void ask('b');
    impatient.abort();
    await expect(clock.runUntil(given)).resolves.toBe(false);
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
    await expect(clock.runUntil(limiter.admit(abort.signal))).resolves.toBe(false);
    await clock.advance(1);
    expect(had).toEqual(['a']);
    expect(limiter.tryAdmit()).toBe('go');
    expect(limiter.pausedMs()).toBe(0);
  });

  test('is no stall that is caught up', async () => {
    const { clock, limiter, ask, had } = setUp(perSecond(10));
    await ask('first');
    limiter.pause(450);
    for (let row = 0; row < 50; row += 1) void ask(String(row));
    await clock.advance(449);
    expect(had).toEqual(['first']);
    await clock.advance(1 + 10 * 100.5);
    expect(had).toHaveLength(1 + 11);
  });

  test('sends those away who wait for admission', async () => {
    const { clock, limiter, abort } = setUp(perSecond(1));
    expect(limiter.tryAdmit()).toBe('go');
    const waiting = limiter.admit(abort.signal);
    await clock.advance(100);
    limiter.pause(50);
    await expect(clock.runUntil(waiting)).resolves.toBe(false);
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

  test('that never was is known without a look at the clock', () => {
    const clock = createVirtualClock(START);
    let looks = 0;
    const monotonic = (): number => {
      looks += 1;
      return clock.monotonic();
    };
    const limiter = createRateLimiter({ rate: perSecond(5), clock: { ...clock, monotonic } });
    looks = 0;
    expect(limiter.pausedMs()).toBe(0);
    expect(looks).toBe(0);
  });

  test('without an end stays one, and an abort ends the wait for it', async () => {
    const { clock, limiter, abort, ask } = setUp(perSecond(100));
    limiter.pause(Infinity);
    expect(Number.isFinite(limiter.pausedMs())).toBe(true);
    const asked = ask('a');
    await clock.advance(1e9);
    expect(limiter.tryAdmit()).toBe('paused');
    abort.abort();
    await expect(clock.runUntil(asked)).resolves.toBe(false);
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
    await clock.runUntil(working);
  });

  test('comes back while all wait, and nobody new asks', async () => {
    const { clock, limiter, ask, told } = setUp(perSecond(10));
    limiter.throttled();
    for (let row = 0; row < 200; row += 1) void ask(String(row));
    await clock.advance(30_201);
    expect(told).toEqual([5, 6]);
  });

  test('comes back as if nothing had been said when the pause was none', async () => {
    const { clock, limiter, abort, told } = setUp(perSecond(10));
    limiter.throttled();
    await clock.advance(29_000);
    limiter.pause(0);
    await clock.advance(1000);
    await clock.runUntil(limiter.turn(abort.signal));
    expect(told).toEqual([5, 6]);
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
    await clock.runUntil(limiter.turn(abort.signal));
    limiter.tryAdmit();
    limiter.throttled();
    await clock.runUntil(limiter.turn(abort.signal));
    expect(clock.monotonic() - START).toBeCloseTo(201, 6);
  });

  test.each([
    { count: 0, windowMs: 1000 },
    { count: Number.NaN, windowMs: 1000 },
    { count: 1.5, windowMs: 1000 },
    { count: 5, windowMs: 0 },
    { count: 5, windowMs: Number.NaN },
    { count: 5, windowMs: Infinity },
  ])('must be one: %o is refused', (rate) => {
    expect(() => createRateLimiter({ rate, clock: createVirtualClock() })).toThrow(
      new RangeError(`not a rate: ${rate.count} in ${rate.windowMs} ms`),
    );
  });
});

describe('what earlier lives sent', () => {
  test('is nothing unless told', () => {
    const limiter = leavingAtOnce(
      createRateLimiter({ rate: perSecond(2), clock: createVirtualClock(START) }),
    );
    expect([limiter.tryAdmit(), limiter.tryAdmit()]).toEqual(['go', 'wait']);
  });

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
    await clock.runUntil(limiter.turn(abort.signal));
    expect(limiter.tryAdmit()).toBe('go');
    expect(clock.monotonic()).toBe(START);
  });
});
