/**
 * Random manifests: random bytes, valid manifests that are damaged, random JSON values, random CSV. Either the program
 * reads exactly what a naive reader reads, or it refuses with a place; nothing else ever happens.
 */
import * as fc from 'fast-check';
import { PurgeError } from '../../src/errors.ts';
import { openManifests } from '../../src/manifest/read-manifests.ts';
import type { ManifestFormat, ManifestRow } from '../../src/types.ts';
import { inPieces } from '../manifest/manifest-folder.ts';
import { rawCharacterIn } from './judge.ts';
import { readNaively } from './naive-reader.ts';

/** How many cases were tried, what they met, and what went wrong, with what repeats it. */
export interface FuzzResult {
  readonly cases: number;
  /** Files that were read, and that held at least one row that may be deleted. */
  readonly read: number;
  readonly refused: number;
  readonly failures: readonly string[];
}

/** No case may take longer, on a machine however busy. */
const MOST_MS = 20_000;

/** Tries `runs` random files of each sort. The same seed tries the same files. */
export async function fuzzManifests(options: {
  readonly runs: number;
  readonly seed: number;
}): Promise<FuzzResult> {
  const tally = { cases: 0, read: 0, refused: 0 };
  const failures: string[] = [];
  for (const [name, files] of Object.entries(SORTS)) {
    const property = fc.asyncProperty(
      files,
      fc.constantFrom(undefined, 'video' as const),
      async (file, kind) => {
        tally.cases += 1;
        const rows = await readOrRefuse(file, kind);
        if (rows === undefined) tally.refused += 1;
        else if (rows > 0) tally.read += 1;
      },
    );
    const report = await fc.check(property, { numRuns: options.runs, seed: options.seed, timeout: MOST_MS });
    if (!report.failed) continue;
    failures.push(
      `${name}, seed ${options.seed}, path ${report.counterexamplePath ?? ''}: ${String(report.errorInstance)} ${fc.stringify(report.counterexample)}`,
    );
  }
  return { ...tally, failures };
}

/** A manifest as it stands in a file. */
export interface FuzzFile {
  readonly format: ManifestFormat;
  readonly bytes: Uint8Array;
}

/** How many rows may be deleted; `undefined` when the file was refused with a place. Throws for anything else. */
async function readOrRefuse(
  { format, bytes }: FuzzFile,
  kind: 'video' | undefined,
): Promise<number | undefined> {
  let rows: readonly ManifestRow[];
  try {
    rows = await readRows(format, bytes, kind);
  } catch (error) {
    if (!(error instanceof PurgeError) || error.exitCode !== 2) throw error;
    mustBe(/^-(?::\d+:\d+)?: ./.test(error.message), `no place: ${error.message}`);
    mustBe(rawCharacterIn(error.message) === undefined, `raw: ${error.message}`);
    return undefined;
  }
  for (const row of rows) {
    if (row.valid) continue;
    mustBe(
      row.line > 0 && row.column > 0 && row.problem !== '',
      'an invalid row without its place and problem',
    );
    const texts = [row.value, row.problem, row.kind, row.id, row.mode, row.reason, row.ticket];
    mustBe(
      texts.every((text) => rawCharacterIn(text) === undefined),
      `raw: ${texts.join('|')}`,
    );
  }
  const found = rows
    .filter((row) => row.valid)
    .map(({ kind, id, mode, reason, ticket, line }) => [
      kind,
      id,
      mode,
      reason,
      ticket,
      format === 'json' ? 0 : line,
    ]);
  const expected = readNaively(format, bytes, kind).map((row) => [
    row.kind,
    row.id,
    row.mode,
    row.reason,
    row.ticket,
    row.line,
  ]);
  mustBe(
    JSON.stringify(found) === JSON.stringify(expected),
    `read ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`,
  );
  return found.length;
}

async function readRows(
  format: ManifestFormat,
  bytes: Uint8Array,
  kind: 'video' | undefined,
): Promise<ManifestRow[]> {
  const stdin = inPieces(bytes, 1 + (bytes.length % 61));
  const source = await openManifests(['-'], { format, stdin, ...(kind === undefined ? {} : { kind }) });
  const rows: ManifestRow[] = [];
  for await (const page of source.pages()) rows.push(...page);
  return rows;
}

function mustBe(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

const format = fc.constantFrom<ManifestFormat>('csv', 'json', 'ndjson');
const videoId = fc.stringMatching(/^[0-9a-f]{10}$/);
const replicaId = fc.stringMatching(/^r[0-9a-f]{11}$/);
const anyId = fc.constantFrom('8a4f94e736', 'r79e1c033f0', '1.23E+08', '', ' 8a4f94e736', '../x');
const texts = {
  mode: fc.constantFrom('soft', 'hard', '', ' hard'),
  reason: fc.constantFrom('', 'old', '=1+1', 'a, "b"', 'é😀', '\u202e'),
  ticket: fc.constantFrom('', 'T-1'),
};
const row = fc.oneof(
  { weight: 3, arbitrary: fc.record({ ...texts, id: videoId, kind: fc.constantFrom('video', ' video ') }) },
  { weight: 2, arbitrary: fc.record({ ...texts, id: replicaId, kind: fc.constant('replica') }) },
  {
    weight: 1,
    arbitrary: fc.record(
      {
        ...texts,
        id: anyId,
        kind: fc.constantFrom('video', '', 'film'),
        mode: fc.constantFrom('hard', 'HARD'),
      },
      { requiredKeys: ['id'] },
    ),
  },
);

type Row = Partial<Record<'id' | 'kind' | 'mode' | 'reason' | 'ticket', string>>;

function manifestOf(format: ManifestFormat, rows: readonly Row[], eol: string): string {
  if (format === 'json') return JSON.stringify(rows, null, eol.length - 1);
  if (format === 'ndjson') return rows.map((one) => JSON.stringify(one) + eol).join('');
  const names = ['id', 'kind', 'mode', 'reason', 'ticket'] as const;
  const lines = rows.map((one) => names.map((name) => quoted(one[name] ?? '')).join(','));
  return [names.join(','), ...lines, ''].join(eol);
}

function quoted(text: string): string {
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const INSERTED = [
  '"',
  ',',
  '\n',
  '\r',
  '\r\n',
  '\ufeff',
  '\0',
  '\u001b',
  '{',
  '}',
  '[',
  ']',
  ':',
  ' ',
  '\t',
  '\\',
  'hard',
  ',"mode":"hard"',
  '"mode":"hard",',
  'video_id',
  '__proto__',
  '\\u0000',
  '\\ufeff',
  '""',
  '8a4f94e736',
] as const;

/** What damages a file: where (a share of its length), how much, and what is put there. */
const damage = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.integer({ min: 0, max: 12 }),
  how: fc.constantFrom('flip', 'delete', 'repeat', 'cut', 'insert', 'swap'),
  byte: fc.integer({ min: 1, max: 255 }),
  text: fc.constantFrom(...INSERTED),
});
type Damage = typeof damage extends fc.Arbitrary<infer Value> ? Value : never;

function damaged(bytes: Buffer, { at, length, how, byte, text }: Damage): Buffer {
  const start = Math.floor(at * bytes.length);
  const [before, hit, after] = [
    bytes.subarray(0, start),
    bytes.subarray(start, start + length),
    bytes.subarray(start + length),
  ];
  switch (how) {
    case 'flip':
      return Buffer.concat([before, hit.map((value, index) => (index === 0 ? value ^ byte : value)), after]);
    case 'delete':
      return Buffer.concat([before, after]);
    case 'repeat':
      return Buffer.concat([before, hit, hit, after]);
    case 'cut':
      return before;
    case 'insert':
      return Buffer.concat([before, Buffer.from(text), hit, after]);
    case 'swap':
      return Buffer.concat([before, after.subarray(0, length), hit, after.subarray(length)]);
    default:
      throw new Error(how satisfies never);
  }
}

/** Valid manifests, and what up to three damages make of them. */
export const damagedManifest: fc.Arbitrary<FuzzFile> = fc
  .tuple(
    format,
    fc.array(row, { maxLength: 5 }),
    fc.constantFrom('\n', '\r\n'),
    fc.array(damage, { maxLength: 3 }),
  )
  .map(([format, rows, eol, damages]): FuzzFile => ({
    format,
    bytes: damages.reduce(damaged, Buffer.from(manifestOf(format, rows, eol))),
  }));

const randomBytes = fc
  .tuple(
    format,
    fc.constantFrom('', 'id\n', 'id,kind\n', '[', '{"videos":[', '{"id":"'),
    fc.uint8Array({ maxLength: 60 }),
  )
  .map(([format, start, bytes]): FuzzFile => ({ format, bytes: Buffer.concat([Buffer.from(start), bytes]) }));

const key = fc.constantFrom('id', 'video_id', 'replica_id', 'kind', 'mode', 'reason', 'ticket');
const scalar = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom('8a4f94e736', 'r79e1c033f0', 'video', 'replica', 'soft', 'hard', ''),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 1 }) },
);
const jsonRow = fc.oneof(
  { weight: 4, arbitrary: fc.dictionary(key, scalar, { maxKeys: 4 }) },
  { weight: 4, arbitrary: row },
  { weight: 1, arbitrary: scalar },
);
const jsonRows = fc.array(jsonRow, { maxLength: 4 });
const randomJson = fc
  .tuple(
    fc.oneof(
      { weight: 3, arbitrary: jsonRows },
      { weight: 2, arbitrary: fc.dictionary(fc.constantFrom('videos', 'replicas'), jsonRows) },
      { weight: 1, arbitrary: fc.jsonValue() },
    ),
    fc.boolean(),
    fc.integer({ min: 0, max: 2 }),
  )
  .map(([value, asLines, indent]): FuzzFile => {
    if (!asLines || !Array.isArray(value))
      return { format: 'json', bytes: Buffer.from(JSON.stringify(value, null, indent)) };
    return { format: 'ndjson', bytes: Buffer.from(value.map((one) => `${JSON.stringify(one)}\n`).join('')) };
  });

const CELLS = [
  'id',
  'kind',
  'mode',
  'video_id',
  'reason',
  '8a4f94e736',
  'r79e1c033f0',
  'video',
  'hard',
  '',
  ' ',
  '"',
  '""',
  '"8a4f94e736"',
  '"vid""eo"',
  '"a\nb"',
  '"video',
  ' "video"',
  '\t',
  '\u200b',
  'x"y',
] as const;
const cell = fc.constantFrom(...CELLS);
const randomCsv = fc
  .tuple(
    fc.constantFrom('id,kind', 'kind,id', 'video_id', ' id , mode', 'id,reason,kind', ''),
    fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { maxLength: 6 }),
    fc.constantFrom('\n', '\r\n', '\n\n'),
  )
  .map(([header, rows, eol]): FuzzFile => ({
    format: 'csv',
    bytes: Buffer.from([header, ...rows.map((cells) => cells.join(','))].join(eol)),
  }));

const SORTS: Readonly<Record<string, fc.Arbitrary<FuzzFile>>> = {
  'damaged manifests': damagedManifest,
  'random bytes': randomBytes,
  'random JSON': randomJson,
  'random CSV': randomCsv,
};
