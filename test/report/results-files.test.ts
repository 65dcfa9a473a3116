import { parse } from 'csv-parse/sync';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { isoTime } from '../../src/report/iso-time.ts';
import { RESULTS_CSV_HEADER, resultCsvLine } from '../../src/report/results-csv.ts';
import { resultNdjsonLine } from '../../src/report/results-ndjson.ts';
import { printable, printableJson } from '../../src/printable.ts';
import { OUTCOMES, type ResultRow } from '../../src/types.ts';

const jsonLine = z.record(z.string(), z.union([z.string(), z.number(), z.null()]));

const row: ResultRow = {
  kind: 'video',
  id: '8a4f94e736',
  mode: 'soft',
  outcome: 'deleted_inferred',
  detail: 'gone, "as asked"',
  httpStatus: 400,
  attempts: 2,
  firstSentAt: '2026-03-01T10:00:00.000Z',
  finishedAt: '2026-03-01T10:00:01.234Z',
  durationMs: 1234,
  manifest: 'march.csv',
  line: 2,
  reason: '=1+1',
  ticket: '',
  runId: 'run-1',
};

test('results.csv has the columns of the contract, in that order', () => {
  expect(RESULTS_CSV_HEADER).toBe(
    'kind,id,mode,outcome,detail,http_status,attempts,first_sent_at,finished_at,duration_ms,manifest,line,reason,ticket,run_id\n',
  );
  expect(resultCsvLine(row)).toBe(
    'video,8a4f94e736,soft,deleted_inferred,"gone, ""as asked""",400,2,' +
      "2026-03-01T10:00:00.000Z,2026-03-01T10:00:01.234Z,1234,march.csv,2,'=1+1,,run-1\n",
  );
});

test('what is not known is an empty cell, and null in NDJSON', () => {
  const unsent = {
    ...row,
    httpStatus: null,
    attempts: 0,
    firstSentAt: null,
    finishedAt: null,
    durationMs: null,
  };
  expect(resultCsvLine(unsent)).toContain(',0,,,,march.csv,');
  expect(JSON.parse(resultNdjsonLine(unsent))).toMatchObject({
    httpStatus: null,
    firstSentAt: null,
    finishedAt: null,
    durationMs: null,
  });
});

test('NDJSON has the same fields in camelCase and the same order, with the values as they are', () => {
  const written = jsonLine.parse(JSON.parse(resultNdjsonLine(row)));
  expect(
    Object.keys(written).map((name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
  ).toEqual(RESULTS_CSV_HEADER.trim().split(','));
  expect(written).toMatchObject({
    reason: '=1+1',
    detail: 'gone, "as asked"',
    firstSentAt: '2026-03-01T10:00:00.000Z',
  });
});

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(
      '=',
      '-',
      '＝',
      ' ',
      '\t',
      '\r',
      '\n',
      '\0',
      '"',
      ',',
      "'",
      'a',
      '\u202e',
      '\u2028',
    ),
  }),
);
const time = fc.option(fc.integer({ min: 0, max: 4_000_000_000_000 }).map((at) => isoTime(at)));
const anyRow: fc.Arbitrary<ResultRow> = fc.record({
  kind: text,
  id: text,
  mode: text,
  outcome: fc.constantFrom(...OUTCOMES, 'skipped' as const),
  detail: text,
  httpStatus: fc.option(fc.integer({ min: 100, max: 599 })),
  attempts: fc.nat(),
  firstSentAt: time,
  finishedAt: time,
  durationMs: fc.option(fc.nat()),
  manifest: text,
  line: fc.nat(),
  reason: text,
  ticket: text,
  runId: fc.constant('run-1'),
});

test('for any rows, results.csv read back is results.ndjson, but for the formula sign and visible control characters', () => {
  fc.assert(
    fc.property(fc.array(anyRow, { maxLength: 5 }), (rows) => {
      const csv = RESULTS_CSV_HEADER + rows.map((each) => resultCsvLine(each)).join('');
      const cells = parse<Record<string, string>>(csv, { columns: true });
      const ndjson = rows.map((each) => resultNdjsonLine(each)).join('');
      const values = ndjson
        .split('\n')
        .slice(0, -1)
        .map((line) => Object.values(jsonLine.parse(JSON.parse(line))));

      expect(cells).toHaveLength(rows.length);
      expect(values).toHaveLength(rows.length);
      for (const [index, record] of cells.entries()) {
        const shown = values[index]?.map((value) => printable(`${value ?? ''}`, Infinity));
        const read = Object.values(record).map((cell, column) =>
          cell.startsWith("'") && cell.slice(1) === shown?.[column] ? cell.slice(1) : cell,
        );
        expect(read).toEqual(shown);
      }
      expect(csv).not.toMatch(/[^\P{Cc}\n]/u);
    }),
  );
});

test('a line of NDJSON, put together from its fields, is the JSON of the row', () => {
  fc.assert(
    fc.property(fc.array(anyRow, { maxLength: 4 }), (rows) => {
      // Twice each, since what was rendered is remembered.
      for (const each of [...rows, ...rows]) {
        expect(resultNdjsonLine(each)).toBe(`${printableJson(each)}\n`);
        expect(resultNdjsonLine(each)).toBe(`${printableJson(each)}\n`);
      }
    }),
  );
});

test('NDJSON keeps every value exactly, and no line of it can move a cursor or turn the reading order', () => {
  fc.assert(
    fc.property(anyRow, (each) => {
      const line = resultNdjsonLine(each);
      expect(line.indexOf('\n')).toBe(line.length - 1);
      expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
      expect(JSON.parse(line)).toMatchObject({
        id: each.id,
        detail: each.detail,
        manifest: each.manifest,
        reason: each.reason,
      });
    }),
  );
});
