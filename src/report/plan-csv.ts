import type { PlannedPiece, SkippedEntry } from '../ports.ts';
import type { SourceSummary } from '../types.ts';
import { isPlainTable, ROWS_A_PAGE, textCell } from './csv.ts';
import { detailOfSkipped, manifestOf } from './result-row.ts';

/** What plan.csv is made of: a plan as its run file holds it, whether it was carried out since or not. */
export interface PlanEntries {
  readonly header: { readonly sources: readonly SourceSummary[] };
  pieces(): Iterable<PlannedPiece>;
  skipped(): Iterable<SkippedEntry>;
}

type EntryTexts = Pick<SkippedEntry, 'kind' | 'id' | 'mode' | 'source' | 'line' | 'reason' | 'ticket'>;

const HEADER = 'kind,id,mode,outcome,detail,manifest,line,reason,ticket\n';
const COLUMNS = HEADER.split(',').length;
const WOULD_DELETE = 'would_delete';

/**
 * The text of plan.csv in pieces of bounded size: planned deletions in plan order, then skipped entries in manifest
 * order. The same plan always gives the same bytes, which is how a saved plan is checked.
 */
export function* planCsvPages(plan: PlanEntries): Iterable<string> {
  const { sources } = plan.header;
  yield HEADER;
  for (const piece of plan.pieces()) yield pieceText(piece, sources);
  let page = '';
  let rows = 0;
  for (const entry of plan.skipped()) {
    page += planCsvLine(entry, sources, ['skipped', detailOfSkipped(entry)]);
    rows += 1;
    if (rows % ROWS_A_PAGE !== 0) continue;
    yield page;
    page = '';
  }
  if (page !== '') yield page;
}

/** Almost always every text is a cell as it stands. */
function pieceText(piece: PlannedPiece, sources: readonly SourceSummary[]): string {
  const { rows, source } = piece;
  if (source !== null) {
    const table = piece.joined(WOULD_DELETE, manifestOf(source, { sources }));
    if (isPlainTable(table, { rows, columns: COLUMNS })) return table;
  }
  const lines = piece.entries().map((entry) => planCsvLine(entry, sources, [WOULD_DELETE, entry.note]));
  return lines.join('');
}

function planCsvLine(
  entry: EntryTexts,
  sources: readonly SourceSummary[],
  [outcome, detail]: readonly [outcome: typeof WOULD_DELETE | 'skipped', detail: string],
): string {
  const manifest = manifestOf(entry.source, { sources });
  return (
    `${textCell(entry.kind)},${textCell(entry.id)},${textCell(entry.mode)},${outcome},${textCell(detail)},` +
    `${textCell(manifest)},${entry.line},${textCell(entry.reason)},${textCell(entry.ticket)}\n`
  );
}
