import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatRate, parseRate } from '../src/rates.ts';

describe('rates', () => {
  test('a rate reads back as it is typed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999 }), fc.constantFrom('s', 'm'), (count, unit) => {
        const parsed = parseRate(`${count}/${unit}`);
        expect(parsed.ok && formatRate(parsed.value)).toBe(`${count}/${unit}`);
      }),
    );
  });

  test('a rate of another window, which only a library can ask for, is told in full', () => {
    expect(formatRate({ count: 7, windowMs: 2_500 })).toBe('7 in 2500 ms');
  });

  test.each(['', '5', '0/s', '5/h', '5 /s', '-5/s', '1.5/s', '5/S', '1e2/s', '05/s'])(
    '"%s" is refused',
    (text) => {
      expect(parseRate(text).ok).toBe(false);
    },
  );
});
