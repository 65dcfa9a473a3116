import type { RecordedDeletion, SkippedEntry } from '../ports.ts';
import type { SourceSummary } from '../types.ts';
import { ROWS_A_PAGE, textCell } from './csv.ts';
import { detailOfSkipped, manifestOf } from './result-row.ts';

/** What plan.csv is made of: a plan as its run file holds it, whether it was carried out since or not. */
export interface PlanEntries {
  readonly header: { readonly sources: readonly SourceSummary[] };
  deletions(): Iterable<EntryTexts & Pick<RecordedDeletion, 'note'>>;
  skipped(): Iterable<SkippedEntry>;
}

type EntryTexts = Pick<SkippedEntry, 'kind' | 'id' | 'mode' | 'source' | 'line' | 'reason' | 'ticket'>;

const HEADER = 'kind,id,mode,outcome,detail,manifest,line,reason,ticket\n';

/**
 * The text of plan.csv in pieces of bounded size: planned deletions in plan order, then skipped entries in manifest
 * order. The same plan always gives the same bytes, which is how a saved plan is checked.
 */
export function* planCsvPages(plan: PlanEntries): Iterable<string> {
  let page = HEADER;
  let rows = 0;
  for (const line of planCsvLines(plan)) {
    page += line;
    rows += 1;
    if (rows % ROWS_A_PAGE !== 0) continue;
    yield page;
    page = '';
  }
  if (page !== '') yield page;
}

function* planCsvLines(plan: PlanEntries): Iterable<string> {
  const { sources } = plan.header;
  for (const entry of plan.deletions()) yield planCsvLine(entry, sources, ['would_delete', entry.note]);
  for (const entry of plan.skipped()) yield planCsvLine(entry, sources, ['skipped', detailOfSkipped(entry)]);
}

function planCsvLine(
  entry: EntryTexts,
  sources: readonly SourceSummary[],
  [outcome, detail]: readonly [outcome: 'would_delete' | 'skipped', detail: string],
): string {
  const manifest = manifestOf(entry.source, { sources });
  return (
    `${textCell(entry.kind)},${textCell(entry.id)},${textCell(entry.mode)},${outcome},${textCell(detail)},` +
    `${textCell(manifest)},${entry.line},${textCell(entry.reason)},${textCell(entry.ticket)}\n`
  );
}
