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
  const complete = totals.pending === 0;
  return {
    schemaVersion: 1,
    tool: { name: tool.name, version: tool.version },
    runId: record.runId,
    planId: header.planId,
    target: record.target,
    complete,
    exitCode: exitCode(totals, { end: lastLife.end, complete, ...record.settings }),
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
    job: header.job ?? null,
    trigger: lastLife.trigger,
    reason: lastLife.reason,
    sources: header.sources.map(({ path, sha256, entries }) => ({ path, sha256, entries })),
  };
}

function checkTotals(totals: RunTotals, planned: number): void {
  const counted = Object.values(totals.counts).reduce((sum, count) => sum + count, 0);
  if (counted === totals.planned && counted === planned) return;
  throw new Error(
    `counts of ${counted} rows, ${totals.planned} recorded and ${planned} planned do not match`,
  );
}

function exitCode(
  totals: RunTotals,
  run: { readonly end: LifeEnd | null; readonly complete: boolean; readonly allowNotFound: boolean },
): ExitCode {
  const ofRows = exitCodeOf(totals.counts, run);
  // Rows that wait for `resume` are an interruption, whatever the life said of itself, and if it was killed before that.
  const ofRun = run.complete ? EXIT_CODES.ok : EXIT_CODES.interrupted;
  return worstExitCode(ofRows, ofRun, run.end?.exitCode ?? EXIT_CODES.ok);
}

/** For a run that was killed: the last thing that is known to have happened. */
function lastSignOfLife(record: RunRecord, startedAt: number): number {
  let last = startedAt;
  for (const { final, history } of record.deletions()) {
    last = Math.max(last, final?.finishedAt ?? 0, history.lastEndedAt ?? 0, history.firstSentAt ?? 0);
  }
  return last;
}
