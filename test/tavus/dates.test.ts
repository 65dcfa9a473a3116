import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { readHttpDate, readIsoInstant } from '../../src/tavus/dates.ts';

const days = fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });

describe('readHttpDate', () => {
  test('reads back every date that it could have been written from', () => {
    fc.assert(
      fc.property(days, (date) => {
        expect(readHttpDate(date.toUTCString())).toBe(Math.floor(date.getTime() / 1000) * 1000);
      }),
    );
  });

  test.each([
    '',
    'Wed, 05 Feb 2025 04:27:02',
    'Wed, 05 Feb 2025 04:27:02 EST',
    'Wed, 5 Feb 2025 04:27:02 GMT',
    'Sat, 01 Jan 10000 00:00:00 GMT',
    '2025-02-05T04:27:02Z',
  ])('refuses %j', (text) => {
    expect(readHttpDate(text)).toBeNull();
  });
});

describe('readIsoInstant', () => {
  test('reads back every instant that it could have been written from', () => {
    fc.assert(
      fc.property(days, (date) => {
        expect(readIsoInstant(date.toISOString())).toBe(date.getTime());
      }),
    );
  });

  test('reads no fraction, and one of microseconds to the millisecond', () => {
    expect(readIsoInstant('2024-01-24T07:14:03Z')).toBe(Date.UTC(2024, 0, 24, 7, 14, 3));
    expect(readIsoInstant('2024-01-24T07:14:03.3279Z')).toBe(Date.UTC(2024, 0, 24, 7, 14, 3, 327));
    expect(readIsoInstant('2024-01-24T07:14:03.5Z')).toBe(Date.UTC(2024, 0, 24, 7, 14, 3, 500));
  });

  test.each([
    '',
    '2024-08-28 15:27:40.824457',
    '2024-08-28T15:27:40',
    '2024-08-28T15:27:40+00:00',
    '2024-02-30T00:00:00Z',
    '2024-01-01T24:00:00Z',
    '2024-13-01T00:00:00Z',
    'x2024-08-28T15:27:40Z',
    '+012024-08-28T15:27:40Z',
    '2024-08-28T15:27:40Zx',
    '2024-08-28T15:27:40Z\u0000',
    '2024-08-28T15:27:40.Z',
    '2024-08-28',
    '1724858860',
  ])('refuses %j, which names no zone or no day', (text) => {
    expect(readIsoInstant(text)).toBeNull();
  });
});
