import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs } from '../../src/execute/backoff.ts';

test('the longest wait doubles from half a second and ends at 20 seconds', () => {
  const longest = [0, 1, 2, 3, 4, 5, 6, 7].map((retry) => backoffMs(retry, () => 1));
  expect(longest).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 20_000, 20_000]);
});

test('the jitter is full: chance decides from nothing to the longest wait', () => {
  expect(backoffMs(3, () => 0)).toBe(0);
  expect(backoffMs(3, () => 0.25)).toBe(1000);
});

test('a wait is never negative, never above 20 seconds and always a number, however many retries there were', () => {
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.nat(), chance, (retry, drawn) => {
      const ms = backoffMs(retry, () => drawn);
      expect(ms).toBeGreaterThanOrEqual(0);
      expect(ms).toBeLessThan(20_000);
    }),
  );
});
