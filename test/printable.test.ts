import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { printable, printableJson } from '../src/printable.ts';

test('text from outside cannot change a terminal or the reading order', () => {
  expect(printable('a\u001b[31mb\u0007\n\t\u202Ec\u200Bd\uFEFF\u2028')).toBe(
    'a<U+001B>[31mb<U+0007><U+000A><U+0009><U+202E>c<U+200B>d<U+FEFF><U+2028>',
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(printable(text, 10_000)).not.toMatch(
        /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u,
      );
    }),
    { numRuns: 2_000 },
  );
});

test('plain text of any script stays as it is', () => {
  for (const text of ['Über Größe', '日本語', 'emoji 🎬', 'a "quoted" \\ text'])
    expect(printable(text)).toBe(text);
});

test('a long text is cut, and shows that it was', () => {
  expect(printable('x'.repeat(500), 10)).toBe('xxxxxxxxx…');
  expect(printable('\u001b'.repeat(10), 20)).toHaveLength(20);
  expect(printable('exactly', 7)).toBe('exactly');
});

test('JSON is safe to show, and its values come back from it exactly', () => {
  expect(printableJson({ a: 'x\u202ey\u{e0041}\u00ad' })).toBe('{"a":"x\\u202ey\\udb40\\udc41\\u00ad"}');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom(0, 2), (text, indent) => {
      const json = printableJson([text], indent);
      expect(JSON.parse(json)).toEqual([text]);
      expect(json.replaceAll('\n', '')).not.toMatch(
        /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u,
      );
    }),
    { numRuns: 2_000 },
  );
});
