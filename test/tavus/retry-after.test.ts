import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { retryAfterMs } from '../../src/tavus/retry-after.ts';

const NOW = Date.UTC(1994, 10, 6, 8, 49, 37);
const AT = (ms: number): string => new Date(ms).toUTCString();

describe('retryAfterMs', () => {
  test.each([
    ['0', 0],
    ['1', 1_000],
    ['007', 7_000],
    ['120', 120_000],
    ['99999999', 99_999_999_000],
    ['9999999999', 9_999_999_999_000],
  ])('reads %s as whole seconds', (header, ms) => {
    expect(retryAfterMs(header, undefined, NOW)).toBe(ms);
  });

  test.each([
    '',
    ' ',
    '-5',
    '+5',
    '5.5',
    '0x10',
    '1e9',
    '5s',
    's5',
    'abc',
    'Infinity',
    'NaN',
    '99999999999',
    '5, 5',
    '５',
    '2026-11-22',
    '1994-11-06T08:49:37Z',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
    'Mon, 06 Nov 1994 08:49:37 GMT',
    'Thu, 31 Feb 2099 00:00:00 GMT',
    'Sun, 06 Nov 1994 08:49:37 +0000',
    'Sun, 06 Nov 1994 08:49:37 GMT ',
    'Sun, 06 Nov 1994 24:00:00 GMT',
  ])('takes %j for nothing usable', (header) => {
    expect(retryAfterMs(header, undefined, NOW)).toBeNull();
  });

  test("measures a date from the response's own Date, so that our clock may be wrong", () => {
    expect(retryAfterMs(AT(NOW + 90_000), AT(NOW), NOW + 3_600_000)).toBe(90_000);
  });

  test('measures it from our clock when the response has no readable Date', () => {
    expect(retryAfterMs(AT(NOW + 90_000), undefined, NOW)).toBe(90_000);
    expect(retryAfterMs(AT(NOW + 90_000), 'yesterday', NOW)).toBe(90_000);
  });

  test('takes a date in the past for "at once"', () => {
    expect(retryAfterMs(AT(NOW - 1_000), AT(NOW), NOW)).toBe(0);
  });

  test('reads a header that was sent several times only when all agree', () => {
    expect(retryAfterMs(['5', '5'], undefined, NOW)).toBe(5_000);
    expect(retryAfterMs(['5', '6'], undefined, NOW)).toBeNull();
    expect(retryAfterMs([], undefined, NOW)).toBeNull();
    expect(retryAfterMs(undefined, undefined, NOW)).toBeNull();
    expect(retryAfterMs([AT(NOW + 90_000)], [AT(NOW), AT(NOW)], 0)).toBe(90_000);
    expect(retryAfterMs(AT(NOW + 90_000), [AT(NOW), AT(NOW + 1_000)], NOW + 30_000)).toBe(60_000);
  });

  test('never returns a number that a timer or a sum could choke on', () => {
    const anything = fc.oneof(
      fc.string(),
      fc.nat().map(String),
      fc.bigInt().map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
    );
    fc.assert(
      fc.property(anything, anything, fc.integer(), (header, date, now) => {
        const ms = retryAfterMs(header, date, now);
        expect(ms === null || (Number.isSafeInteger(ms) && ms >= 0)).toBe(true);
      }),
    );
  });
});
