import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRetryBudget, type RetryBudgetOptions } from '../../src/execute/retry-budget.ts';

/** Takes retries until there are none. */
function takeAll(options: RetryBudgetOptions): number {
  const budget = createRetryBudget(options);
  let taken = 0;
  while (taken < 1_000 && budget.take()) taken += 1;
  return taken;
}

describe('the retry budget', () => {
  test.each([
    [0, 10],
    [1, 10],
    [100, 10],
    [109, 10],
    [110, 11],
    [1240, 124],
  ])('of a plan of %i is %i', (planned, retries) => {
    expect(takeAll({ planned, alreadyCharged: 0 })).toBe(retries);
  });

  test('counts what earlier lives of the run took, even when they took too much', () => {
    expect(takeAll({ planned: 200, alreadyCharged: 15 })).toBe(5);
    expect(takeAll({ planned: 200, alreadyCharged: 23 })).toBe(0);
  });

  test('allows nothing when it cannot be computed', () => {
    expect(takeAll({ planned: 10, alreadyCharged: Number.NaN })).toBe(0);
  });

  test('is never exceeded over any number of lives', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.array(fc.nat(40), { maxLength: 10 }), (planned, lives) => {
        let charged = 0;
        for (const wanted of lives) {
          const budget = createRetryBudget({ planned, alreadyCharged: charged });
          for (let asked = 0; asked < wanted; asked += 1) if (budget.take()) charged += 1;
        }
        const wantedInAll = lives.reduce((sum, wanted) => sum + wanted, 0);
        expect(charged).toBe(Math.min(wantedInAll, Math.max(10, Math.floor(planned / 10))));
      }),
    );
  });
});
