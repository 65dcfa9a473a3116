import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeGrowth } from '../../src/job/growth.ts';

const isRefused = (planned: number, history: readonly number[], growth = 3): boolean =>
  judgeGrowth({ planned, history, growth }).refusal !== null;

describe('growth', () => {
  test('is refused above the factor times the median, not at it', () => {
    const history = [100, 90, 110, 100, 5000];
    expect(isRefused(300, history)).toBe(false);
    expect(isRefused(301, history)).toBe(true);
    expect(judgeGrowth({ planned: 2000, history, growth: 3 }).refusal?.why).toBe(
      'the plan has 2000 deletions, more than limits.growth allows: the median of the last 5 runs that had something to delete is 100, times 3 is 300',
    );
  });

  test('is not judged before five runs had something to delete', () => {
    expect(isRefused(100_000, [])).toBe(false);
    expect(isRefused(100_000, [1, 1, 1, 1])).toBe(false);
    expect(isRefused(100_000, [0, 0, 0, 0, 0, 0, 0, 50, 0, 0])).toBe(false);
    expect(judgeGrowth({ planned: 9, history: [1, 0], growth: 3 }).said).toContain('1 earlier runs');
  });

  test('looks at the last ten runs that had something to delete', () => {
    const old = Array.from({ length: 30 }, () => 10_000);
    const recent = Array.from({ length: 10 }, () => 20);
    expect(isRefused(61, [...old, ...recent])).toBe(true);
    expect(isRefused(61, [...recent, ...old])).toBe(false);
    expect(isRefused(61, [...old, ...recent.flatMap((count) => [count, 0, 0])])).toBe(true);
  });

  test('from tiny plans to small ones is no growth: a median below ten counts as ten', () => {
    const tiny = [1, 1, 2, 1, 1];
    expect(isRefused(30, tiny)).toBe(false);
    expect(isRefused(31, tiny)).toBe(true);
    expect(judgeGrowth({ planned: 30, history: tiny, growth: 3 }).said).toContain('is 1, which counts as 10');
  });

  test('a median between two counts and a broken factor are exact', () => {
    expect(isRefused(110, [100, 100, 100, 101, 101, 101], 1.1)).toBe(false);
    expect(isRefused(111, [100, 100, 100, 101, 101, 101], 1.1)).toBe(true);
    expect(isRefused(33, [30, 30, 30, 30, 30], 1.1)).toBe(false);
  });

  test('the smallest plan so far is never refused again, and a larger factor never refuses more', () => {
    const counts = fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 5, maxLength: 30 });
    fc.assert(
      fc.property(
        counts,
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.integer({ min: 1, max: 50 }),
        (history, planned, growth) => {
          const positive = history.filter((count) => count > 0);
          const smallest = positive.length === 0 ? 0 : Math.min(...positive);
          expect(isRefused(smallest, history, growth)).toBe(false);
          const isWorse = isRefused(planned, history, growth + 1) && !isRefused(planned, history, growth);
          expect(isWorse).toBe(false);
        },
      ),
    );
  });
});
