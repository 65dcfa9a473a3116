import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ratios, shown, spread } from '../../bench/statistics.ts';
import { mostInWindow } from '../../bench/windows.ts';

describe('the figures of the benchmark', () => {
  it('finds the most in any sliding window, as counting each window does', () => {
    const ascending = fc.array(fc.nat(200)).map((times) => times.toSorted((a, b) => a - b));
    fc.assert(
      fc.property(ascending, fc.integer({ min: 1, max: 50 }), (times, length) => {
        const counts = times.map((from) => times.filter((at) => at >= from && at < from + length).length);
        expect(mostInWindow(times, length)).toBe(Math.max(0, ...counts));
      }),
    );
  });

  it('does not count a request at the very end of a window', () => {
    expect(mostInWindow([0, 999.9, 1_000], 1_000)).toBe(2);
  });

  it('takes the median of an odd and of an even number of values, and the ratio repeat by repeat', () => {
    expect(spread([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3 });
    expect(spread([4, 1, 2, 3]).median).toBe(2.5);
    expect(shown(ratios([2, 9, 40], [1, 3, 10]), ' ×')).toBe('3.00 × (2.00..4.00)');
  });
});
