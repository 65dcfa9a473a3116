import { printableJson } from '../printable.ts';
import type { ResultRow } from '../types.ts';
import { isoTime } from './iso-time.ts';

/** One line of results.ndjson as a value: a result with its times as ISO 8601 UTC texts. */
export interface ResultJson extends Omit<ResultRow, 'firstSentAt' | 'finishedAt'> {
  readonly firstSentAt: string | null;
  readonly finishedAt: string | null;
}

/** One result as a line of results.ndjson, line end included; its values come back from it exactly. */
export function resultNdjsonLine(result: ResultJson): string {
  return `${printableJson(result)}\n`;
}

/** A result as it is written, in the field order of results.csv. */
export function resultJson(row: ResultRow): ResultJson {
  return {
    kind: row.kind,
    id: row.id,
    mode: row.mode,
    outcome: row.outcome,
    detail: row.detail,
    httpStatus: row.httpStatus,
    attempts: row.attempts,
    firstSentAt: isoTime(row.firstSentAt),
    finishedAt: isoTime(row.finishedAt),
    durationMs: row.durationMs,
    manifest: row.manifest,
    line: row.line,
    reason: row.reason,
    ticket: row.ticket,
    runId: row.runId,
  };
}
