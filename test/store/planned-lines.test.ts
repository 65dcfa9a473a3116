import { DatabaseSync } from 'node:sqlite';
import * as fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { planDigest } from '../../src/plan/digest.ts';
import { PlannedCounter, plannedLines } from '../../src/store/planned-lines.ts';
import { countEntries, plannedPages } from '../../src/store/run-entries.ts';
import { RUN_FORMAT } from '../../src/store/run-schema.ts';
import { KINDS, MODES } from '../../src/types.ts';

const ORIGIN = 'https://tavusapi.com';

interface Entry {
  readonly row: number;
  readonly kind: string;
  readonly mode: string;
  readonly skip?: string | null;
}

function runOf(entries: readonly Entry[]): DatabaseSync {
  const db = new DatabaseSync(':memory:');
  onTestFinished(() => db.close());
  for (const step of RUN_FORMAT.migrations) db.exec(step);
  const insert = db.prepare(`INSERT INTO entry VALUES (?, ?, ?, ?, 0, 2, '', '', ?, '')`);
  for (const { row, kind, mode, skip = null } of entries) insert.run(row, kind, `id_${row}`, mode, skip);
  return db;
}

function read(db: DatabaseSync): { readonly digest: string; readonly counts: PlannedCounter['counts'] } {
  const lines = [...plannedLines(db)];
  const counter = new PlannedCounter();
  for (const some of lines) counter.add(some);
  return {
    digest: planDigest(ORIGIN, lines),
    counts: counter.counts,
  };
}

test('the lines of a plan, however its rows are numbered, give the planId and the counts of its deletions', () => {
  const far = 2 ** 40;
  const entry = fc.record({
    row: fc.oneof(
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 3_990, max: 12_010 }),
      fc.integer({ min: far, max: far + 9_000 }),
    ),
    kind: fc.constantFrom(...KINDS),
    mode: fc.constantFrom(...MODES),
    skip: fc.constantFrom(null, null, 'held', 'invalid'),
  });
  fc.assert(
    fc.property(fc.uniqueArray(entry, { selector: ({ row }) => row, maxLength: 60 }), (entries) => {
      const db = runOf(entries);
      const { planned, byKindAndMode } = countEntries(db);
      const text = [...plannedPages(db)]
        .flat()
        .map(({ kind, id, mode }) => `${mode}\t${kind}\t${id}\n`)
        .join('');
      expect(read(db)).toEqual({
        digest: planDigest(ORIGIN, [{ text }]),
        counts: { planned, byKindAndMode },
      });
    }),
  );
});

test('a row that somebody put before all others changes the planId', () => {
  const entries = [{ row: 1, kind: 'video', mode: 'soft' }];
  const before = read(runOf(entries)).digest;
  const forged = runOf([...entries, { row: -7, kind: 'video', mode: 'hard' }]);
  expect(read(forged).digest).not.toBe(before);
});

test.each([
  ['kind', { row: 1, kind: 'video\tabcd1234\nsoft\tvideo', mode: 'soft' }],
  ['mode', { row: 1, kind: 'video', mode: 'soft\tvideo\tabcd1234\nsoft' }],
])('a %s that holds a whole line counts as the one row that it is', (_, entry) => {
  expect(read(runOf([entry])).counts.planned).toBe(1);
});
