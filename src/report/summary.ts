import { EXIT_CODES, type ExitCode } from '../errors.ts';
import { exitCodeOf, worstExitCode } from '../exit-code.ts';
import type { LifeEnd, RunRecord, RunTotals } from '../ports.ts';
import type { Summary } from '../types.ts';
import { isoTime } from './iso-time.ts';

/**
 * summary.json of a run that was started, from its record alone. Throws an Error, which is a bug, when the counts do not
 * add up to the plan or no life of the run ever began. Reads the rows only where the totals leave something open.
 */
export function summarize(record: RunRecord, tool: Summary['tool']): Summary {
  const { header, lastLife, startedAt } = record;
  if (lastLife === null || startedAt === null) throw new Error(`run ${record.runId} was never started`);
  const totals = record.totals();
  checkTotals(totals, header.planned);
  const complete = isComplete(record, totals, lastLife.end);
  return {
    schemaVersion: 1,
    tool: { name: tool.name, version: tool.version },
    mode: 'run',
    runId: record.runId,
    planId: header.planId,
    target: record.target,
    complete,
    exitCode: exitCode(totals, { end: lastLife.end, complete, ...header.settings }),
    stopReason: lastLife.end?.stopReason ?? null,
    notBefore: isoTime(lastLife.end?.notBefore ?? null),
    startedAt: isoTime(startedAt),
    finishedAt: isoTime(lastLife.end?.endedAt ?? lastSignOfLife(record, lastLife.startedAt)),
    planned: totals.planned,
    counts: totals.counts,
    skipped: totals.skipped,
    duplicates: header.duplicates,
    requests: totals.requests,
    retries: totals.retries,
    rateLimited: totals.rateLimited,
    sources: header.sources.map(({ path, sha256, entries }) => ({ path, sha256, entries })),
    warnings: header.warnings,
  };
}

function checkTotals(totals: RunTotals, planned: number): void {
  const counted = Object.values(totals.counts).reduce((sum, count) => sum + count, 0);
  if (counted === totals.planned && counted === planned) return;
  throw new Error(
    `counts of ${counted} rows, ${totals.planned} recorded and ${planned} planned do not match`,
  );
}

/** Whether nothing is left for `resume`: every row has its final outcome, and the run said itself that it ended. */
function isComplete(record: RunRecord, totals: RunTotals, end: LifeEnd | null): boolean {
  if (end === null || totals.counts.not_attempted > 0) return false;
  if (totals.counts.unknown === 0) return true;
  // Totals do not tell an `unknown` that is final from one that `resume` takes up.
  for (const { final } of record.deletions()) if (final === null) return false;
  return true;
}

function exitCode(
  totals: RunTotals,
  run: { readonly end: LifeEnd | null; readonly complete: boolean; readonly allowNotFound: boolean },
): ExitCode {
  const ofRows = exitCodeOf(totals.counts, run);
  const ofLife = run.end?.exitCode ?? EXIT_CODES.interrupted;
  // Rows that wait for `resume` are an interruption, whatever the life said of itself.
  return worstExitCode(ofRows, ofLife, run.complete ? EXIT_CODES.ok : EXIT_CODES.interrupted);
}

/** For a run that was killed: the last thing that is known to have happened. */
function lastSignOfLife(record: RunRecord, startedAt: number): number {
  let last = startedAt;
  for (const { final, history } of record.deletions()) {
    last = Math.max(last, final?.finishedAt ?? 0, history.lastEndedAt ?? 0, history.firstSentAt ?? 0);
  }
  return last;
}
