import { describe, expect, test } from 'vitest';
import { createAdaptiveRate, type AdaptiveRate } from '../../src/execute/adaptive-rate.ts';

interface Watched {
  readonly rate: AdaptiveRate;
  /** The rates that were told. */
  readonly told: number[];
}

function startAt(configured: number): Watched {
  const told: number[] = [];
  return { rate: createAdaptiveRate(configured, (perSecond) => told.push(perSecond)), told };
}

describe('the adaptive rate', () => {
  test('starts as configured, and tells nobody', () => {
    const { rate, told } = startAt(10);
    rate.recover(1e9);
    expect(rate.perSecond).toBe(10);
    expect(told).toEqual([]);
  });

  test('needs nobody who listens', () => {
    const rate = createAdaptiveRate(10);
    rate.throttled(0);
    expect(rate.perSecond).toBe(5);
  });

  test('is halved by each 429 that comes a second or more after the last that halved it', () => {
    const { rate, told } = startAt(8);
    for (const at of [0, 999, 1000, 1999, 2000]) rate.throttled(at);
    expect(told).toEqual([4, 2, 1]);
    expect(rate.perSecond).toBe(1);
  });

  test.each([
    [5, 0.1],
    [0.15, 0.1],
    [0.05, 0.05],
  ])('of %d/s never falls below %d/s, and tells a rate once', (configured, lowest) => {
    const { rate, told } = startAt(configured);
    for (let time = 0; time < 20; time += 1) rate.throttled(time * 1000);
    expect(rate.perSecond).toBe(lowest);
    expect(told.length).toBe(new Set(told).size);
    expect(told).not.toContain(configured);
  });

  test('gives a tenth of the configured rate back after 30 clean seconds, not a moment earlier', () => {
    const { rate, told } = startAt(10);
    rate.throttled(0);
    rate.recover(29_999);
    expect(told).toEqual([5]);
    rate.recover(30_000);
    expect(told).toEqual([5, 6]);
    rate.recover(59_999);
    expect(told).toEqual([5, 6]);
    rate.recover(60_000);
    expect(told).toEqual([5, 6, 7]);
  });

  test('gives back as much after a long silence, and counts what is left of it', () => {
    const { rate, told } = startAt(10);
    rate.throttled(0);
    rate.recover(89_000);
    expect(told).toEqual([5, 7]);
    rate.recover(90_000);
    expect(told).toEqual([5, 7, 8]);
    rate.recover(1e9);
    expect(told).toEqual([5, 7, 8, 10]);
  });

  test('begins the clean time anew with every 429, also with one that halves nothing', () => {
    const { rate, told } = startAt(10);
    rate.throttled(0);
    rate.throttled(500);
    rate.recover(30_499);
    expect(told).toEqual([5]);
    rate.recover(30_500);
    expect(told).toEqual([5, 6]);
  });

  test('takes the time of a pause for no clean time, also when a 429 comes while it lasts', () => {
    const { rate, told } = startAt(10);
    rate.throttled(0);
    rate.idleUntil(60_000);
    rate.idleUntil(10_000);
    rate.throttled(20_000);
    expect(told).toEqual([5, 2.5]);
    rate.recover(89_999);
    expect(told).toEqual([5, 2.5]);
    rate.recover(90_000);
    expect(told).toEqual([5, 2.5, 3.5]);
  });
});
