import type { ResultRow } from '../types.ts';
import { textCell } from './csv.ts';
import { remembering } from '../remembering.ts';

/** The header line of results.csv, line end included (CONTRACT.md 8). */
export const RESULTS_CSV_HEADER =
  'kind,id,mode,outcome,detail,http_status,attempts,first_sent_at,finished_at,duration_ms,manifest,line,reason,ticket,run_id\n';

const kindCell = remembering(textCell);
const modeCell = remembering(textCell);
const detailCell = remembering(textCell);
const manifestCell = remembering(textCell);
const reasonCell = remembering(textCell);
const ticketCell = remembering(textCell);
const runIdCell = remembering(textCell);

/** One result as a line of results.csv: unknown values are empty, every text is safe to open in a spreadsheet. */
export function resultCsvLine(row: ResultRow): string {
  const { httpStatus, attempts, durationMs, line } = row;
  return (
    `${kindCell(row.kind)},${textCell(row.id)},${modeCell(row.mode)},${row.outcome},${detailCell(row.detail)},` +
    `${httpStatus ?? ''},${attempts},${row.firstSentAt ?? ''},${row.finishedAt ?? ''},${durationMs ?? ''},` +
    `${manifestCell(row.manifest)},${line},${reasonCell(row.reason)},${ticketCell(row.ticket)},${runIdCell(row.runId)}\n`
  );
}
