import type { ReportOptions, RunFiles, RunInfo, RunState } from '../library.ts';
import type { RunRecord } from '../ports.ts';
import { checkOutputFolder, writeReport } from '../report/write-report.ts';
import { summarize } from '../report/summary.ts';
import { RunFile } from '../store/run-file.ts';
import { listRunFolders, runFolder } from '../store/run-folders.ts';
import { isLocked } from '../store/target-lock.ts';
import { EXIT_CODES, PurgeError } from '../errors.ts';
import type { Summary } from '../types.ts';
import { TOOL } from '../version.ts';
import { runLockName } from './live-run.ts';

/** Writes the result files of a run again, from its run file, at any moment of its life. */
export async function writeRunReport(
  options: ReportOptions,
): Promise<{ readonly files: RunFiles; readonly summary: Summary }> {
  const folder = runFolder(options.stateDir, options.run);
  using run = new RunFile(folder, { readOnly: true });
  if (run.lives() === 0) {
    throw new PurgeError('usage', `The plan ${run.header.runId} was never applied; it has no results.`, {
      next: `tavus-purge apply ${run.header.runId} --confirm ${run.header.planId.slice(0, 8)}`,
    });
  }
  const out = options.out ?? folder;
  await checkOutputFolder(out);
  run.freeze();
  return await writeReport(run.record(), out, TOOL);
}

export interface ListRunsOptions {
  readonly stateDir: string;
  /** Hears of run folders that cannot be read. */
  readonly onUnreadable?: (folder: string, error: PurgeError) => void;
}

/** All runs of a state folder that can be read, newest first. */
export function listRuns(options: ListRunsOptions): readonly RunInfo[] {
  const runs: RunInfo[] = [];
  for (const folder of listRunFolders(options.stateDir).toReversed()) {
    try {
      runs.push(infoOf(folder, options.stateDir));
    } catch (thrown) {
      if (!(thrown instanceof PurgeError)) throw thrown;
      options.onUnreadable?.(folder, thrown);
    }
  }
  return runs;
}

/** One run, named by its ID or folder. */
export function showRun(options: { readonly stateDir: string; readonly run: string }): RunInfo {
  return infoOf(runFolder(options.stateDir, options.run), options.stateDir);
}

function infoOf(folder: string, stateDir: string): RunInfo {
  using run = new RunFile(folder, { readOnly: true });
  run.freeze();
  const { header } = run;
  const record = run.record();
  const summary = record.lastLife === null ? null : summarize(record, TOOL);
  return { runId: header.runId, folder, state: stateOf(record, summary, stateDir), header, summary };
}

function stateOf(record: RunRecord, summary: Summary | null, stateDir: string): RunState {
  if (summary === null) return record.header.refused.length > 0 ? 'refused' : 'planned';
  if (record.lastLife?.end === null && isLocked(stateDir, runLockName(record.runId))) return 'running';
  if (summary.complete && record.lastLife?.end !== null) return 'finished';
  return summary.exitCode === EXIT_CODES.stopped ? 'stopped' : 'interrupted';
}
