import { isUtf8 } from 'node:buffer';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { PurgeError } from '../../src/errors.ts';
import { isSafeId } from '../../src/ids.ts';
import { openManifests } from '../../src/manifest/read-manifests.ts';
import type { ReadOptions } from '../../src/manifest/read-manifests.ts';
import type { ManifestFormat, ManifestRow } from '../../src/types.ts';
import { inPieces } from './manifest-folder.ts';

async function readText(
  format: ManifestFormat,
  content: string | Uint8Array,
  options: ReadOptions & { readonly pieces?: number } = {},
): Promise<ManifestRow[]> {
  const stdin = inPieces(content, options.pieces ?? 65_536);
  const source = await openManifests(['-'], { ...options, format, stdin });
  const rows: ManifestRow[] = [];
  for await (const page of source.pages()) rows.push(...page);
  return rows;
}

/** Without a place: the formats differ in lines. */
const facts = (rows: readonly ManifestRow[]): unknown[] =>
  rows.map(({ line, ...row }) => ({ ...row, column: 0, line: line > 0 }));

const text = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((value) => !/[\p{Cc}\uFEFF]/u.test(value));
const row = fc.record({
  id: fc.oneof(
    fc.stringMatching(/^[0-9a-f]{10}$/),
    fc.stringMatching(/^r[0-9a-f]{11}$/),
    fc.stringMatching(/^[ !-~]{1,20}$/),
  ),
  kind: fc.constantFrom('video', 'replica', ' video', 'film', ''),
  mode: fc.constantFrom('soft', 'hard', 'hard ', '', 'HARD'),
  reason: text,
  ticket: fc.constantFrom('', 'OPS-1', 'a,b'),
});
type Row = Record<'id' | 'kind' | 'mode' | 'reason' | 'ticket', string>;
const columns = fc.shuffledSubarray<keyof Row>(['id', 'kind', 'mode', 'reason', 'ticket'], { minLength: 5 });

/** The first kilobyte is read whole, to tell the format: only behind it pieces stay as they come. */
const FIRST: Row = { id: '8a4f94e736', kind: 'video', mode: 'soft', reason: 'x'.repeat(1_100), ticket: '' };

interface Dialect {
  readonly names: readonly (keyof Row)[];
  readonly eol: string;
  readonly quoteAll: boolean;
  readonly blankLines: boolean;
  readonly lastEol: boolean;
}

function toCsv(rows: readonly Row[], dialect: Dialect): string {
  const cell = (value: string): string =>
    dialect.quoteAll || /[",]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  const lines = [dialect.names, ...rows.map((one) => dialect.names.map((name) => one[name]))].map((cells) =>
    cells.map(cell).join(','),
  );
  const body = lines.join(dialect.blankLines ? dialect.eol.repeat(2) : dialect.eol);
  return dialect.lastEol ? body + dialect.eol : body;
}

test('the same rows as CSV in any dialect, JSON and NDJSON are the same entries, in any pieces', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 8 }),
      fc.record({
        names: columns,
        eol: fc.constantFrom('\n', '\r\n'),
        quoteAll: fc.boolean(),
        blankLines: fc.boolean(),
        lastEol: fc.boolean(),
      }),
      fc.record({ bom: fc.constantFrom('', '\ufeff'), pieces: fc.integer({ min: 1, max: 200 }) }),
      async (others, dialect, { bom, pieces }) => {
        const rows = [FIRST, ...others];
        const csv = await readText('csv', bom + toCsv(rows, dialect), { pieces });
        const ordered = rows.map((one) => Object.fromEntries(dialect.names.map((name) => [name, one[name]])));
        const json = await readText('json', bom + JSON.stringify(ordered, null, 1), { pieces });
        const lines = ordered.map((one) => JSON.stringify(one)).join(dialect.eol);
        const ndjson = await readText('ndjson', bom + lines, { pieces });
        expect(csv).toHaveLength(rows.length);
        expect(facts(json)).toEqual(facts(csv));
        expect(facts(ndjson)).toEqual(facts(csv));
      },
    ),
    { numRuns: 150 },
  );
});

const anyString = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'binary-ascii' }),
  fc.stringMatching(/^[A-Za-z0-9_-]{4,64}$/),
  fc.string({
    unit: fc.constantFrom('a', '1', '\ufeff', '\u200b', '\u202e', '８', '\u212a', '\ud800', '%', '/'),
  }),
);

test('any string as an ID is refused or comes out unchanged, whatever the format', async () => {
  await fc.assert(
    fc.asyncProperty(anyString, fc.boolean(), async (id, anyIdShape) => {
      const escaped = JSON.stringify(id).replaceAll(
        /[^ -~]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
      );
      const manifests: [ManifestFormat, string][] = [
        ['csv', `id\n"${id.replaceAll('"', '""')}"\n`],
        ['json', `[${JSON.stringify(id)}]`],
        ['json', `[${escaped}]`],
        ['json', `[{"id":${escaped}}]`],
        ['ndjson', `{"id":${JSON.stringify(id)}}`],
      ];
      for (const [format, content] of manifests) {
        const rows = await readText(format, content, { kind: 'video', anyIdShape }).catch(refused);
        if (rows === undefined) continue;
        expect(rows).toHaveLength(1);
        if (rows[0]?.valid !== true) continue;
        expect(rows[0].id).toBe(id);
        expect(isSafeId(id)).toBe(true);
      }
      if (!anyIdShape || !isSafeId(id)) return;
      expect(await readText('json', `[${escaped}]`, { kind: 'video', anyIdShape })).toMatchObject([{ id }]);
    }),
    { numRuns: 500 },
  );
});

test('any JSON text comes out as JSON.parse reads it, or the file is refused', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'binary', maxLength: 50 }),
      fc.integer({ min: 1, max: 40 }),
      async (reason, pieces) => {
        const content = JSON.stringify([{ id: '8a4f94e736', reason }]);
        const rows = await readText('json', content, { kind: 'video', pieces }).catch(refused);
        const shownReasons = rows?.map((one) => (one.valid ? one.reason : 'refused'));
        const expected = /[\p{Cc}\p{Cs}]/u.test(reason) ? 'refused' : reason;
        // As a whole it is refused for raw control characters (DEL, C1) and byte order marks only.
        expect(shownReasons).toEqual(/[\u007f-\u009f\ufeff]/.test(content) ? undefined : [expected]);
      },
    ),
    { numRuns: 1000 },
  );
});

test('JSON is accepted exactly when JSON.parse accepts it, as far as nesting and names allow', async () => {
  const token = fc.constantFrom(
    '[',
    ']',
    '{',
    '}',
    ',',
    ':',
    '"id"',
    '"x"',
    '1',
    '-0.5e3',
    'true',
    'null',
    ' ',
    '\n',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(token, { maxLength: 12 }), async (tokens) => {
      const content = `[${tokens.join('')}`;
      const problem = await readText('json', content, { kind: 'video', ignoreColumns: ['*'] }).then(
        () => '',
        (error: unknown) => (error instanceof PurgeError ? error.message : 'another error'),
      );
      const readable = isJson(content) && !/nested over 3 levels|is there twice/.test(problem);
      expect({ content, read: problem === '' }).toEqual({ content, read: readable });
      expect(problem).not.toBe('another error');
    }),
    { numRuns: 1500 },
  );
});

test('any bytes are read or refused with a place, never with another error', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom<ManifestFormat>('csv', 'json', 'ndjson'),
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom('', 'id\n', '["', '{"id":"'),
      async (format, bytes, start) => {
        const content = Buffer.concat([Buffer.from(start), bytes]);
        const rows = await readText(format, content, { kind: 'video' }).catch(refused);
        expect(rows === undefined || isUtf8(content)).toBe(true);
      },
    ),
    { numRuns: 1000 },
  );
});

test('a wrong value is placed exactly, whatever stands before it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(text, { maxLength: 5 }), fc.boolean(), async (reasons, quoteAll) => {
      const rows = [...reasons, 'last'].map((reason) => ({
        reason,
        id: reason === 'last' ? 'WRONG/' : '8a4f94e736',
        kind: 'video',
        mode: '',
        ticket: '',
      }));
      const dialect = { names: ['ticket', 'reason', 'id', 'kind', 'mode'] as const, eol: '\n', quoteAll };
      const csv = toCsv(rows, { ...dialect, blankLines: false, lastEol: false });
      const json = JSON.stringify(rows, null, 0).replaceAll('},', '},\n');
      expect(await textAtWrongRow('csv', csv)).toMatch(/^"?WRONG\//);
      expect(await textAtWrongRow('json', json)).toMatch(/^"WRONG\//);
    }),
    { numRuns: 150 },
  );
});

/** What stands in the content at the place that is given for the wrong row. */
async function textAtWrongRow(format: ManifestFormat, content: string): Promise<string> {
  const wrong = (await readText(format, content)).find(({ id }) => id === 'WRONG/');
  if (wrong?.valid !== false) throw new Error('the wrong row was not refused');
  const line = content.split('\n')[wrong.line - 1] ?? '';
  return Array.from(line)
    .slice(wrong.column - 1)
    .join('');
}

function refused(error: unknown): undefined {
  if (!(error instanceof PurgeError) || error.kind !== 'usage') throw error;
  expect(error.message).toMatch(/^-(?::\d+:\d+)?: /);
}

function isJson(content: string): boolean {
  try {
    JSON.parse(content);
    return true;
  } catch {
    return false;
  }
}
