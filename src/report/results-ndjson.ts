import { printableJson } from '../printable.ts';
import type { ResultRow } from '../types.ts';
import { remembering } from '../remembering.ts';

const kindJson = remembering(printableJson);
const modeJson = remembering(printableJson);
const detailJson = remembering(printableJson);
const manifestJson = remembering(printableJson);
const reasonJson = remembering(printableJson);
const ticketJson = remembering(printableJson);
const runIdJson = remembering(printableJson);

/**
 * One result as a line of results.ndjson, line end included; its values come back from it exactly. It is what
 * `printableJson` makes of the row, put together from its fields, since most of them are those of the row before.
 */
export function resultNdjsonLine(row: ResultRow): string {
  const { httpStatus, attempts, durationMs, line } = row;
  return (
    `{"kind":${kindJson(row.kind)},"id":${printableJson(row.id)},"mode":${modeJson(row.mode)},` +
    `"outcome":"${row.outcome}","detail":${detailJson(row.detail)},"httpStatus":${httpStatus},"attempts":${attempts},` +
    `"firstSentAt":${timeJson(row.firstSentAt)},"finishedAt":${timeJson(row.finishedAt)},"durationMs":${durationMs},` +
    `"manifest":${manifestJson(row.manifest)},"line":${line},"reason":${reasonJson(row.reason)},` +
    `"ticket":${ticketJson(row.ticket)},"runId":${runIdJson(row.runId)}}\n`
  );
}

function timeJson(time: string | null): string {
  return time === null ? 'null' : `"${time}"`;
}
