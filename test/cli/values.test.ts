import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  countBetween,
  parseCap,
  parseColumnPair,
  parseDelimiter,
  parseSince,
} from '../../src/cli/value-parsers.ts';

const valueOf = (parsed: { ok: boolean; value?: unknown }): unknown => (parsed.ok ? parsed.value : 'refused');

describe('counts', () => {
  test('a cap that is no plain number is no cap at all, it is refused', () => {
    for (const text of [
      'abc',
      '',
      '-1',
      '1e3',
      '0x10',
      '5.5',
      'Infinity',
      'NaN',
      ' 5',
      '5 ',
      '007',
      '1_000',
      '١',
    ]) {
      expect(parseCap(text).ok).toBe(false);
    }
    expect(valueOf(parseCap('0'))).toBe(0);
    expect(valueOf(parseCap('unlimited'))).toBeNull();
  });

  test('no text becomes anything but exactly the number it spells', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.integer().map(String), fc.double().map(String)), (text) => {
        const parsed = countBetween(0, 1000)(text);
        expect(!parsed.ok || String(parsed.value) === text).toBe(true);
      }),
    );
  });
});

test('columns are mapped from known names, delimiters are single characters', () => {
  expect(valueOf(parseColumnPair('id=video uuid=x'))).toEqual(['id', 'video uuid=x']);
  expect(['id', 'id=', 'uuid=id', '__proto__=x'].filter((text) => parseColumnPair(text).ok)).toEqual([]);
  expect(valueOf(parseDelimiter('tab'))).toBe('\t');
  expect(['', ';;', '"', 'a', 'constructor'].filter((text) => parseDelimiter(text).ok)).toEqual([]);
});

describe('since when', () => {
  test('is a duration, a day in UTC or a time', () => {
    expect(valueOf(parseSince('7d'))).toEqual({ agoMs: 604_800_000 });
    expect(valueOf(parseSince('2026-11-01'))).toEqual({ at: Date.UTC(2026, 10, 1) });
    expect(valueOf(parseSince('2026-11-01T18:00+02:00'))).toEqual({ at: Date.UTC(2026, 10, 1, 16) });
    expect(valueOf(parseSince('2024-02-29T18:00:05.5Z'))).toEqual({
      at: Date.UTC(2024, 1, 29, 18, 0, 5, 500),
    });
  });

  test.each([
    '',
    '7',
    'yesterday',
    '2026-11',
    '2026-02-29',
    '2026-04-31',
    '2026-13-01',
    '2026-11-01T25:00Z',
    '2026-11-01T18:00',
    '1.11.2026',
    '2026-11-01 ',
  ])('is not %j', (text) => {
    expect(parseSince(text).ok).toBe(false);
  });

  test('is every day of the calendar, and only those', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1970-01-01'), max: new Date('2999-12-31'), noInvalidDate: true }),
        (date) => {
          const day = date.toISOString().slice(0, 10);
          expect(valueOf(parseSince(day))).toEqual({ at: Date.parse(`${day}T00:00:00.000Z`) });
        },
      ),
    );
  });
});
