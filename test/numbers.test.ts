import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { counted, formatCount } from '../src/numbers.ts';

test('a whole number is written as English writes it', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (count) => {
      expect(formatCount(count)).toBe(count.toLocaleString('en-US'));
    }),
  );
  expect([0, 999, 1000, 1_000_000].map(formatCount)).toEqual(['0', '999', '1,000', '1,000,000']);
});

test('one thing is singular, any other amount plural', () => {
  expect([0, 1, 2000].map((count) => counted(count, 'video'))).toEqual([
    '0 videos',
    '1 video',
    '2,000 videos',
  ]);
  expect(counted(2, 'retry', 'retries')).toBe('2 retries');
});
