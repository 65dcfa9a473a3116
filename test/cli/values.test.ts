import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../src/cli/durations.ts';
import { formatRate, parseRate } from '../../src/cli/rates.ts';
import { countBetween, parseCap, parseColumnPair, parseDelimiter } from '../../src/cli/value-parsers.ts';

const valueOf = (parsed: { ok: boolean; value?: unknown }): unknown => (parsed.ok ? parsed.value : 'refused');

describe('durations', () => {
  test.each([
    ['500ms', 500],
    ['15s', 15_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['30d', 2_592_000_000],
    ['1h30m', 5_400_000],
    ['1m500ms', 60_500],
  ])('%s is %d ms', (text, ms) => {
    expect(valueOf(parseDuration(text))).toBe(ms);
  });

  test.each([
    '',
    '0s',
    '15',
    's',
    '1.5h',
    '-1s',
    '1 h',
    '1H',
    '30m1h',
    '1h1h',
    '1e3s',
    '015s',
    '99999d',
    '1h ',
  ])('"%s" is refused', (text) => {
    expect(parseDuration(text).ok).toBe(false);
  });

  test('what is shown reads back within a second, or a unit of the second place', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 86_400_000 }), (ms) => {
        const shown = parseDuration(formatDuration(ms).replaceAll(' ', ''));
        const slack = ms < 3_600_000 ? 1000 : 60_000;
        expect(shown.ok && Math.abs(shown.value - ms)).toBeLessThanOrEqual(slack);
      }),
    );
  });
});

describe('rates', () => {
  test('a rate reads back as it is typed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999 }), fc.constantFrom('s', 'm'), (count, unit) => {
        const parsed = parseRate(`${count}/${unit}`);
        expect(parsed.ok && formatRate(parsed.value)).toBe(`${count}/${unit}`);
      }),
    );
  });

  test.each(['', '5', '0/s', '5/h', '5 /s', '-5/s', '1.5/s', '5/S', '1e2/s', '05/s'])(
    '"%s" is refused',
    (text) => {
      expect(parseRate(text).ok).toBe(false);
    },
  );
});

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
