import { printableJson } from '../printable.ts';
import { remembering } from '../remembering.ts';
import type { ResultRow } from '../types.ts';

const kindField = remembering((kind: string) => `{"kind":${printableJson(kind)},"id":`);
const outcomeFields = remembering(
  (mode: string, outcome: string, detail: string) =>
    `,"mode":${printableJson(mode)},"outcome":"${outcome}","detail":${printableJson(detail)}`,
);
const answerFields = remembering(
  (httpStatus: number | null, attempts: number) =>
    `,"httpStatus":${httpStatus},"attempts":${attempts},"firstSentAt":`,
);
const manifestField = remembering((manifest: string) => `,"manifest":${printableJson(manifest)},"line":`);
const noteFields = remembering(
  (reason: string, ticket: string, runId: string) =>
    `,"reason":${printableJson(reason)},"ticket":${printableJson(ticket)},"runId":${printableJson(runId)}}\n`,
);

/**
 * One result as a line of results.ndjson, line end included; its values come back from it exactly. It is what
 * `printableJson` makes of the row, put together from parts, most of which are those of the row before.
 */
export function resultNdjsonLine(row: ResultRow): string {
  const outcome = `${outcomeFields(row.mode, row.outcome, row.detail)}${answerFields(row.httpStatus, row.attempts)}`;
  const times = `${timeJson(row.firstSentAt)},"finishedAt":${timeJson(row.finishedAt)},"durationMs":${row.durationMs}`;
  const notes = noteFields(row.reason, row.ticket, row.runId);
  return `${kindField(row.kind)}${printableJson(row.id)}${outcome}${times}${manifestField(row.manifest)}${row.line}${notes}`;
}

function timeJson(time: string | null): string {
  return time === null ? 'null' : `"${time}"`;
}
