import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../src/system-clock.ts';

describe('the system clock', () => {
  test('shows the wall clock and a monotonic time that only grows', () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1000);
    const before = systemClock.monotonic();
    expect(systemClock.monotonic()).toBeGreaterThanOrEqual(before);
  });

  test('never ends a sleep early by its own monotonic time, even when the event loop was busy before', async () => {
    for (const ms of [0.4, 1.6, 3, 7.5]) {
      const busyUntil = performance.now() + 4;
      while (performance.now() < busyUntil);
      const before = systemClock.monotonic();
      // oxlint-disable-next-line no-await-in-loop -- one after the other, to measure each
      await systemClock.sleep(ms);
      expect(systemClock.monotonic() - before).toBeGreaterThanOrEqual(ms);
    }
  });

  test.each([0, -5, Number.NaN, -Infinity])('takes a sleep of %d for none', async (ms) => {
    await expect(systemClock.sleep(ms)).resolves.toBeUndefined();
  });

  test('gives no wait below zero to a timer when the machine takes long, so that Node has nothing to warn of', async () => {
    const warnings: string[] = [];
    const onWarning = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', onWarning);
    const { signal } = new AbortController();
    const listen = signal.addEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof listen>): void => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      listen(...args);
    };
    await systemClock.sleep(1, signal);
    await new Promise(setImmediate);
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });

  test('ends a sleep when the signal aborts, without an error, and leaves no listener behind', async () => {
    const abort = new AbortController();
    const sleeps = [60_000, Infinity, 2 ** 40].map((ms) => systemClock.sleep(ms, abort.signal));
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(3);
    abort.abort();
    await Promise.all(sleeps);
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0);
  });

  test('does not begin a sleep when the signal has aborted before', async () => {
    await expect(systemClock.sleep(Infinity, AbortSignal.abort())).resolves.toBeUndefined();
  });

  test('leaves no listener behind when a sleep ends by itself', async () => {
    const { signal } = new AbortController();
    await systemClock.sleep(1, signal);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  test('lets many sleep on one signal without a warning', async () => {
    const warned = vi.fn<(warning: Error) => void>();
    process.on('warning', warned);
    const abort = new AbortController();
    const sleeps = Array.from({ length: 200 }, () => systemClock.sleep(60_000, abort.signal));
    abort.abort();
    await Promise.all(sleeps);
    await systemClock.sleep(1);
    process.off('warning', warned);
    expect(warned).not.toHaveBeenCalled();
  });
});

describe('a sleep longer than a timer can last', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('is slept in parts instead of ending at once', async () => {
    const wait = 2 ** 31 + 5000;
    let ended = false;
    void systemClock.sleep(wait).finally(() => {
      ended = true;
    });
    await vi.advanceTimersByTimeAsync(wait - 1);
    expect(ended).toBe(false);
    await vi.advanceTimersByTimeAsync(2);
    expect(ended).toBe(true);
  });
});
