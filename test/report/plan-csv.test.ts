import { parse } from 'csv-parse/sync';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { textCell } from '../../src/report/csv.ts';
import { planCsvPages, type PlanEntries } from '../../src/report/plan-csv.ts';
import { trialDraft } from '../../src/store/plan-draft.ts';
import type { ManifestEntry, SkipReason, SourceSummary } from '../../src/types.ts';

const HEADER = 'kind,id,mode,outcome,detail,manifest,line,reason,ticket\n';

interface Row extends Partial<ManifestEntry> {
  readonly note?: string;
  readonly skip?: { readonly why: SkipReason; readonly detail: string };
}

/** A plan in a real run file; row n has the ID `n` in ten digits and stands in line n + 2 of its manifest. */
function planOf(rows: readonly Row[], manifests: readonly string[] = ['march.csv']): PlanEntries {
  const draft = trialDraft();
  for (const [index, { note: _, skip, ...fields }] of rows.entries()) {
    const entry: ManifestEntry = {
      valid: true,
      kind: 'video',
      id: String(index).padStart(10, '0'),
      mode: 'soft',
      reason: '',
      ticket: '',
      source: 0,
      line: index + 2,
      ...fields,
    };
    draft.add(entry, skip);
  }
  draft.dropRepeated(() => {});
  for (const page of draft.plannedPages()) {
    for (const { row, id } of page) draft.note(row, rows[Number(id)]?.note ?? '');
  }
  const sources = manifests.map((path): SourceSummary => ({ path, format: 'csv', sha256: '', entries: 0 }));
  return draft.entries(sources);
}

function textOf(plan: PlanEntries): string {
  return [...planCsvPages(plan)].join('');
}

test('plan.csv shows what would be deleted, then what is skipped and why', () => {
  const plan = planOf([
    { kind: 'replica', mode: 'hard' },
    { reason: 'old', ticket: 'OPS-1', note: 'present: "Intro", ready' },
    { skip: { why: 'held', detail: 'legal hold (holds.csv)' } },
    { id: '-abc', skip: { why: 'invalid', detail: '' } },
  ]);
  expect(textOf(plan)).toBe(
    [
      'kind,id,mode,outcome,detail,manifest,line,reason,ticket',
      'video,0000000001,soft,would_delete,"present: ""Intro"", ready",march.csv,3,old,OPS-1',
      'replica,0000000000,hard,would_delete,,march.csv,2,,',
      'video,0000000002,soft,skipped,held: legal hold (holds.csv),march.csv,4,,',
      "video,'-abc,soft,skipped,invalid,march.csv,5,,",
      '',
    ].join('\n'),
  );
});

test('a plan of nothing is a header', () => {
  expect(textOf(planOf([]))).toBe(HEADER);
});

test('a large plan comes in pieces, each row once and in order', () => {
  const pages = [...planCsvPages(planOf(Array.from({ length: 2500 }, () => ({}))))];
  expect(pages.length).toBeGreaterThan(2);
  const rows = parse<{ line: string }>(pages.join(''), { columns: true });
  expect(rows.map(({ line }) => Number(line))).toEqual(Array.from({ length: 2500 }, (_, row) => row + 2));
});

test('whatever the texts and however they are put together, each is the cell that it would be alone', () => {
  const manifests = ['march.csv', '/srv/april.csv', 'odd, name.csv'];
  const text = fc.oneof(
    fc.constantFrom('', '', 'older than 90 days', 'OPS-1042'),
    fc.string({ unit: fc.constantFrom('a', '1', ' ', ',', '\n', '"', ';', '=', "'", '-', 'é', '\\') }),
  );
  const row = fc.record({ reason: text, ticket: text, note: text, source: fc.constantFrom(0, 0, 0, 1, 2) });
  fc.assert(
    fc.property(fc.array(row, { maxLength: 6 }), (rows) => {
      const lines = rows.map(({ note, source, reason, ticket }, index) => {
        const id = String(index).padStart(10, '0');
        const cells = [note, manifests[source] ?? '', String(index + 2), reason, ticket].map(textCell);
        return `video,${id},soft,would_delete,${cells.join(',')}\n`;
      });
      expect(textOf(planOf(rows, manifests))).toBe(HEADER + lines.join(''));
    }),
  );
});
