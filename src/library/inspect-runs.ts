import { resolve } from 'node:path';
import type { ListRunsOptions, ReportOptions, RunFiles, RunInfo, RunState } from '../library.ts';
import { checkOutputFolder, writeReport } from '../report/write-report.ts';
import { summarize } from '../report/summary.ts';
import { withRun, type RunFile } from '../store/run-file.ts';
import { listRunFolders, runFolder } from '../store/run-folders.ts';
import { isLocked, runLock, takeLock } from '../store/target-lock.ts';
import { systemClock } from '../system-clock.ts';
import { EXIT_CODES, PurgeError, rethrowBug } from '../errors.ts';
import type { Summary } from '../types.ts';
import { TOOL } from '../version.ts';
import { checkOwnFolders } from './own-folders.ts';

/**
 * Writes the result files of a run again, from its run file. Into the run folder only while nobody carries the run out
 * (`locked` otherwise: it writes its results itself when it ends); into another folder at any moment of its life.
 */
export async function writeRunReport(
  options: ReportOptions,
): Promise<{ readonly files: RunFiles; readonly summary: Summary }> {
  const folder = runFolder(options.stateDir, options.run);
  const out = options.out ?? folder;
  const isInFolder = resolve(out) === resolve(folder);
  if (isInFolder) await checkOwnFolders(options.stateDir, folder);
  return withRun(folder, { readOnly: true }, async (run) => {
    const { runId, planId } = run.header;
    if (run.lives() === 0) {
      throw new PurgeError('usage', `The plan ${runId} was never applied; it has no results.`, {
        next: `tavus-purge apply ${runId} --confirm ${planId.slice(0, 8)}`,
      });
    }
    using _ = isInFolder ? lockForReport(run) : null;
    await checkOutputFolder(out);
    run.freeze();
    return await writeReport(run.record(), out, TOOL);
  });
}

function lockForReport(run: RunFile): Disposable {
  const { runId } = run.header;
  const since = new Date(systemClock.now()).toISOString();
  try {
    return takeLock(runLock(runId, run.folder), { runId, since });
  } catch (thrown) {
    if (!(thrown instanceof PurgeError) || thrown.kind !== 'locked') throw thrown;
    throw new PurgeError(
      'locked',
      `The run ${runId} is at work; it writes its results itself when it ends.`,
      {
        next: `tavus-purge report ${runId} --out <another folder>, to see how far it is`,
        cause: thrown,
      },
    );
  }
}

/** The runs of a state folder that can be read, newest first: those that every filter lets through. */
export async function listRuns(options: ListRunsOptions): Promise<readonly RunInfo[]> {
  const runs: RunInfo[] = [];
  for (const folder of listRunFolders(options.stateDir).toReversed()) {
    try {
      const info = await withRun(folder, { readOnly: true }, (run) => infoIf(run, options));
      if (info !== undefined) runs.push(info);
    } catch (thrown) {
      rethrowBug(thrown);
      options.onUnreadable?.(folder, thrown);
    }
  }
  return runs;
}

/** One run, named by its ID or folder. */
export async function showRun(options: {
  readonly stateDir: string;
  readonly run: string;
}): Promise<RunInfo> {
  return withRun(runFolder(options.stateDir, options.run), { readOnly: true }, infoOf);
}

/** The filters that cost nothing come first. */
function infoIf(run: RunFile, { job, states, since }: ListRunsOptions): RunInfo | undefined {
  if (job !== undefined && run.header.job !== job) return undefined;
  const info = infoOf(run);
  if (states !== undefined && !states.includes(info.state)) return undefined;
  const isSince = since === undefined || info.state === 'running' || lastSignAt(info) >= since;
  return isSince ? info : undefined;
}

function lastSignAt({ header, summary }: RunInfo): number {
  return Date.parse(summary?.finishedAt ?? header.createdAt);
}

function infoOf(run: RunFile): RunInfo {
  run.freeze();
  const { header, folder } = run;
  const record = run.record();
  const summary = record.lastLife === null ? null : summarize(record, TOOL);
  return { runId: header.runId, folder, state: stateOf(run, summary), header, summary };
}

function stateOf(run: RunFile, summary: Summary | null): RunState {
  const { header, folder } = run;
  if (summary === null) return header.refused.length > 0 ? 'refused' : 'planned';
  if (run.isFinished()) return 'finished';
  if (isLocked(runLock(header.runId, folder))) return 'running';
  return summary.exitCode === EXIT_CODES.stopped ? 'stopped' : 'interrupted';
}
