import { remembering } from '../remembering.ts';
import type { ResultRow } from '../types.ts';
import { textCell } from './csv.ts';

/** The header line of results.csv, line end included (CONTRACT.md 8). */
export const RESULTS_CSV_HEADER =
  'kind,id,mode,outcome,detail,http_status,attempts,first_sent_at,finished_at,duration_ms,manifest,line,reason,ticket,run_id\n';

const kindCell = remembering(textCell);
const outcomeCells = remembering(
  (mode: string, outcome: string, detail: string) => `${textCell(mode)},${outcome},${textCell(detail)}`,
);
const answerCells = remembering(
  (httpStatus: number | null, attempts: number) => `${httpStatus ?? ''},${attempts}`,
);
const manifestCell = remembering(textCell);
const noteCells = remembering(
  (reason: string, ticket: string, runId: string) =>
    `${textCell(reason)},${textCell(ticket)},${textCell(runId)}`,
);

/** One result as a line of results.csv: unknown values are empty, every text is safe to open in a spreadsheet. */
export function resultCsvLine(row: ResultRow): string {
  const outcome = `${outcomeCells(row.mode, row.outcome, row.detail)},${answerCells(row.httpStatus, row.attempts)}`;
  const times = `${row.firstSentAt ?? ''},${row.finishedAt ?? ''},${row.durationMs ?? ''}`;
  const notes = noteCells(row.reason, row.ticket, row.runId);
  return `${kindCell(row.kind)},${textCell(row.id)},${outcome},${times},${manifestCell(row.manifest)},${row.line},${notes}\n`;
}
