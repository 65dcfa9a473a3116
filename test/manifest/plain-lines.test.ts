import { parse } from 'csv-parse/sync';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlainLines } from '../../src/manifest/plain-lines.ts';

const piece = fc.oneof(
  fc.constantFrom(',', ';', '\n', '\r\n', '\n\n', ' ', '8a4f94e736', 'ü', '😀', '\t'),
  fc.string({ unit: 'grapheme', maxLength: 5 }).filter((text) => !/["\r\n\uFEFF]/.test(text)),
);
const plainText = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''));

/** The lines of a text that comes in pieces of this many bytes, and what is left for a parser. */
function split(text: string, pieceBytes: number): { rows: string[][]; ends: number[]; rest: string } {
  const rows: string[][] = [];
  const ends: number[] = [];
  const lines = new PlainLines(',', (cells, end) => {
    rows.push(cells);
    ends.push(end);
  });
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const rest = lines.write(bytes.subarray(at, at + pieceBytes));
    if (rest === undefined) continue;
    expect(rest).toEqual(bytes.subarray(lines.offset, lines.offset + rest.length));
    return { rows, ends, rest: bytes.subarray(lines.offset).toString() };
  }
  lines.end();
  return { rows, ends, rest: '' };
}

const byCsvParse = (text: string): string[][] =>
  parse(text, { record_delimiter: ['\r\n', '\n'], skip_empty_lines: true, relax_column_count: true });

test('without quotes, lines are the records that csv-parse finds, in any pieces', () => {
  fc.assert(
    fc.property(plainText, fc.integer({ min: 1, max: 60 }), (text, pieceBytes) => {
      const { rows, ends } = split(text, pieceBytes);
      expect(rows).toEqual(byCsvParse(text));
      const bytes = Buffer.from(text);
      expect(ends.map((end) => end === bytes.length || bytes[end - 1] === 0x0a)).not.toContain(false);
    }),
  );
});

test('from the line of the first quote on, everything is left to the parser', () => {
  fc.assert(
    fc.property(plainText, plainText, fc.integer({ min: 1, max: 60 }), (before, after, pieceBytes) => {
      const text = `${before}\n"a,b"${after}`;
      const { rows, rest } = split(text, pieceBytes);
      expect(rows).toEqual(byCsvParse(before));
      expect(rest).toBe(`"a,b"${after}`);
    }),
  );
});
