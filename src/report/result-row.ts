import type { AttemptHistory, ResultRow, SourceSummary } from '../types.ts';
import type { RecordedDeletion, RunRecord, SkippedEntry } from '../ports.ts';
import { isoTime } from './iso-time.ts';

/** What a result row says beyond its own entry. */
export interface ResultContext {
  readonly runId: string;
  readonly sources: readonly SourceSummary[];
}

/**
 * The result of one planned deletion: its final outcome, or what is true without one. A row that may have been deleted
 * is `unknown`, never `not_attempted`. Times that are not known are `null`.
 */
export function resultOfDeletion(deletion: RecordedDeletion, context: ResultContext): ResultRow {
  const { final, history } = deletion;
  const firstSentAt = history.firstSentAt;
  const finishedAt = final?.finishedAt ?? null;
  return {
    kind: deletion.kind,
    id: deletion.id,
    mode: deletion.mode,
    outcome: final?.outcome ?? (history.mayBeApplied ? 'unknown' : 'not_attempted'),
    detail: final?.detail ?? detailWithoutEnd(history),
    httpStatus: final === null ? history.lastStatus : final.status,
    attempts: history.attempts,
    firstSentAt: isoTime(firstSentAt),
    finishedAt: isoTime(finishedAt),
    // Wall clocks can be set back between two stamps.
    durationMs: firstSentAt === null || finishedAt === null ? null : Math.max(0, finishedAt - firstSentAt),
    manifest: manifestOf(deletion.source, context),
    line: deletion.line,
    reason: deletion.reason,
    ticket: deletion.ticket,
    runId: context.runId,
  };
}

/** The result of an entry that never became a planned deletion: why first, then the detail. Texts as the manifest said them. */
export function resultOfSkipped(entry: SkippedEntry, context: ResultContext): ResultRow {
  return {
    kind: entry.kind,
    id: entry.id,
    mode: entry.mode,
    outcome: 'skipped',
    detail: detailOfSkipped(entry),
    httpStatus: null,
    attempts: 0,
    firstSentAt: null,
    finishedAt: null,
    durationMs: null,
    manifest: manifestOf(entry.source, context),
    line: entry.line,
    reason: entry.reason,
    ticket: entry.ticket,
    runId: context.runId,
  };
}

/** Every result of a run: each planned deletion in plan order, then each skipped entry in manifest order. */
export function* allResults(record: RunRecord): Iterable<ResultRow> {
  const context: ResultContext = { runId: record.runId, sources: record.header.sources };
  for (const deletion of record.deletions()) yield resultOfDeletion(deletion, context);
  for (const entry of record.skipped()) yield resultOfSkipped(entry, context);
}

/** Why an entry was skipped, in words: `held: legal hold (holds.csv)`. */
export function detailOfSkipped(entry: Pick<SkippedEntry, 'why' | 'detail'>): string {
  return entry.detail === '' ? entry.why : `${entry.why}: ${entry.detail}`;
}

/** The manifest an entry came from, as the operator named it. */
export function manifestOf(source: number, context: Pick<ResultContext, 'sources'>): string {
  const found = context.sources[source];
  if (found === undefined) throw new Error(`an entry names source ${source}, which the plan does not have`);
  return found.path;
}

function detailWithoutEnd(history: AttemptHistory): string {
  if (history.attempts === 0) return 'the run ended before its turn';
  const last = history.lastDetail === '' ? '' : ` (last: ${history.lastDetail})`;
  if (history.mayBeApplied) return `sent, but the answer is not known; resume will find out${last}`;
  return `the run ended before it was deleted; no request so far can have deleted it${last}`;
}
