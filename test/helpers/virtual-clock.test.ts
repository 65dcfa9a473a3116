import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { createVirtualClock } from './virtual-clock.ts';

describe('the virtual clock', () => {
  test('wakes sleepers at their time, in the order of their times and then of their calls', async () => {
    const clock = createVirtualClock(1000);
    const woken: string[] = [];
    for (const [name, ms] of Object.entries({ a: 30, b: 10, c: 30, d: 0, e: -5, f: Number.NaN })) {
      void clock.sleep(ms).then(() => woken.push(`${name}@${String(clock.monotonic())}`));
    }
    await clock.advance(29);
    expect(woken).toEqual(['d@1000', 'e@1000', 'f@1000', 'b@1010']);
    expect(clock.now()).toBe(1029);
    await clock.advance(1);
    expect(woken.slice(4)).toEqual(['a@1030', 'c@1030']);
  });

  test('lets what a sleeper does take effect before the next one wakes', async () => {
    const clock = createVirtualClock();
    const woken: number[] = [];
    const again = async (): Promise<void> => {
      await clock.sleep(10);
      for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
      woken.push(clock.monotonic());
      if (woken.length < 3) await again();
    };
    void again();
    await clock.runUntilIdle();
    expect(woken).toEqual([10, 20, 30]);
  });

  test('ends a sleep at once when its signal aborts, and leaves no listener', async () => {
    const clock = createVirtualClock();
    const abort = new AbortController();
    const slept = [clock.sleep(Infinity, abort.signal), clock.sleep(5, abort.signal)];
    await clock.advance(5);
    abort.abort();
    await Promise.all(slept);
    await clock.sleep(1e9, abort.signal);
    expect(clock.sleeping).toBe(0);
    expect(clock.monotonic()).toBe(5);
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0);
  });

  test('stalls: time passes, and sleepers wake late', async () => {
    const clock = createVirtualClock();
    let wokenAt = 0;
    void clock.sleep(10).then(() => (wokenAt = clock.monotonic()));
    clock.stall(300);
    await clock.advance(0);
    expect(wokenAt).toBe(300);
  });

  test('jumps on the wall without moving monotonic time', () => {
    const clock = createVirtualClock(5000);
    clock.jumpWallClock(-3_600_000);
    expect([clock.now(), clock.monotonic()]).toEqual([-3_595_000, 5000]);
  });

  test('says so when nobody will ever wake', async () => {
    const clock = createVirtualClock();
    const stuck = clock.sleep(Infinity);
    await expect(clock.runUntil(stuck)).rejects.toThrow('nobody will ever wake');
    await expect(clock.runUntilIdle()).rejects.toThrow('1 still sleep');
  });

  test('says so when time stands still', async () => {
    const clock = createVirtualClock();
    const spin = async (): Promise<void> => {
      for (;;) await clock.sleep(0);
    };
    await expect(clock.runUntil(spin())).rejects.toThrow('time stands still');
  });

  test('gives the value or the error of what it runs until', async () => {
    const clock = createVirtualClock();
    await expect(clock.runUntil(clock.sleep(1e6).then(() => 'done'))).resolves.toBe('done');
    await expect(clock.runUntil(Promise.reject(new Error('no')))).rejects.toThrow('no');
  });
});
