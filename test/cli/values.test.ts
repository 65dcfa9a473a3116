import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countBetween, parseCap, parseColumnPair, parseDelimiter } from '../../src/cli/value-parsers.ts';

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
