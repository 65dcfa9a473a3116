import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isoTime } from '../../src/report/iso-time.ts';

test('a time is what Date makes of it, in any order of times', () => {
  const time = fc.integer({ min: -8_640_000_000_000_000, max: 8_640_000_000_000_000 });
  fc.assert(
    fc.property(fc.array(fc.oneof(time, fc.integer({ min: -3000, max: 3000 }))), (times) => {
      expect(times.map((at) => isoTime(at))).toEqual(times.map((at) => new Date(at).toISOString()));
    }),
  );
});

test('no time stays no time, and nonsense is never written', () => {
  expect(isoTime(null)).toBeNull();
  expect(() => isoTime(Number.NaN)).toThrow(RangeError);
});
