import { expect, test } from 'vitest';
import { isFullSpeed } from '../src/full-speed.ts';

test.each([
  ['10,000 a second', { count: 10_000, windowMs: 1_000 }, true],
  ['9,999 a second', { count: 9_999, windowMs: 1_000 }, false],
  ['600,000 a minute', { count: 600_000, windowMs: 60_000 }, true],
  ['599,999 a minute', { count: 599_999, windowMs: 60_000 }, false],
  ['5 a second', { count: 5, windowMs: 1_000 }, false],
] as const)('%s: full speed or not', (_, rate, expected) => {
  expect(isFullSpeed(rate)).toBe(expected);
});
