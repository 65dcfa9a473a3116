import { textCell } from './csv.ts';
import type { ResultJson } from './results-ndjson.ts';

/** The header line of results.csv, line end included (CONTRACT.md 8). */
export const RESULTS_CSV_HEADER =
  'kind,id,mode,outcome,detail,http_status,attempts,first_sent_at,finished_at,duration_ms,manifest,line,reason,ticket,run_id\n';

/** One result as a line of results.csv: unknown values are empty, every text is safe to open in a spreadsheet. */
export function resultCsvLine(row: ResultJson): string {
  const { httpStatus, attempts, durationMs, line } = row;
  return (
    `${textCell(row.kind)},${textCell(row.id)},${textCell(row.mode)},${row.outcome},${textCell(row.detail)},` +
    `${httpStatus ?? ''},${attempts},${row.firstSentAt ?? ''},${row.finishedAt ?? ''},${durationMs ?? ''},` +
    `${textCell(row.manifest)},${line},${textCell(row.reason)},${textCell(row.ticket)},${textCell(row.runId)}\n`
  );
}
