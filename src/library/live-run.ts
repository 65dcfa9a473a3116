import { join } from 'node:path';
import type { Approval, BoundTarget } from '../approval.ts';
import { messageOf, PurgeError, rethrowBug } from '../errors.ts';
import type { PurgeRun, RunEnd, RunFiles } from '../library.ts';
import { openHolds } from '../manifest/hold-files.ts';
import type { OnEvent } from '../ports.ts';
import { carryOut } from '../purge.ts';
import { checkOutputFolder, writeReport } from '../report/write-report.ts';
import { freeBytes, refuseSymlink } from '../safe-files.ts';
import { scrubberFor } from '../scrub.ts';
import { SqliteLedger } from '../store/ledger.ts';
import type { RunFile } from '../store/run-file.ts';
import { LOG_NDJSON } from '../store/run-folders.ts';
import { runLock, takeLock, targetLock } from '../store/target-lock.ts';
import { systemClock } from '../system-clock.ts';
import { openDeleteClient } from '../tavus/delete-client.ts';
import type { ExecutionSettings, Summary } from '../types.ts';
import { TOOL } from '../version.ts';
import { EventChannel } from './event-channel.ts';
import type { RunNotes } from './run-notes.ts';
import { userAgent } from './user-agent.ts';

export const toolMajor: number = Number.parseInt(TOOL.version, 10);

/** Room that a row needs in the run file and the results, with retries; and what the run needs at all. */
const BYTES_A_ROW = 2_000;
const BYTES_AT_LEAST = 1_000_000;

/** What else has to happen before a run counts as finished. */
export interface RunHooks {
  /**
   * Is given the results of a life once they are written. While it fails, or was cut off, the run is not finished:
   * `resume` does it again, and sends nothing for rows that have their outcome.
   */
  readonly publish?: (
    run: RunFile,
    results: { readonly files: RunFiles; readonly summary: Summary },
  ) => Promise<void>;
}

export interface StartOptions extends RunHooks {
  readonly approval: Approval;
  readonly apiKey: string;
  readonly settings: ExecutionSettings;
  /** Absolute paths. */
  readonly holdFiles: readonly string[];
  readonly notes: RunNotes;
  readonly stateDir: string;
  /** The command that the operator types to go on with this run, or to see its results. */
  readonly nextCommand: (verb: 'resume' | 'report') => string;
  readonly out: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly forceSignal: AbortSignal | undefined;
  readonly onEvent: OnEvent;
}

/** A run that starts at once, as something to iterate for events and to await for its end. */
export function liveRun(start: (onEvent: OnEvent) => Promise<RunEnd>): PurgeRun {
  const channel = new EventChannel();
  const finished = start((event) => channel.emit(event)).finally(() => channel.end());
  // Whoever only iterates must not be punished by an unhandled rejection; whoever awaits `finished` still gets it.
  finished.catch(() => {});
  return {
    finished,
    batches: () => channel.batches(),
    [Symbol.asyncIterator]: () => channel.events(),
  };
}

/** Makes sure that no other process carries out this run, or any run on this target. */
export function lockRun(stateDir: string, run: RunFile, target: BoundTarget): Disposable {
  const { runId } = run.header;
  const holder = { runId, since: new Date(systemClock.now()).toISOString() };
  const locks = new DisposableStack();
  try {
    locks.use(takeLock(targetLock(stateDir, target), holder));
    locks.use(takeLock(runLock(runId, run.folder), holder));
    return locks;
  } catch (thrown) {
    locks.dispose();
    throw thrown;
  }
}

/** One life of an approved run, from the last checks to its result files. */
export async function startRun(run: RunFile, options: StartOptions): Promise<RunEnd> {
  const { approval, apiKey, settings, holdFiles, notes, onEvent } = options;
  const { header, folder } = run;
  const holds = await openHolds(holdFiles, { now: systemClock.now });
  const out = options.out ?? folder;
  await refuseSymlink(join(folder, LOG_NDJSON));
  await checkOutputFolder(out);
  const journal = run.journal();
  await checkDiskSpace([folder, out], journal.pendingCount());

  const api = openDeleteClient(approval, {
    baseUrl: header.target.baseUrl,
    apiKey,
    concurrency: settings.concurrency,
    userAgent: userAgent(header.runId),
    scrub: scrubberFor(apiKey),
    now: systemClock.now,
  });
  try {
    const end = await carryOut(
      { journal, api, holds, clock: systemClock, random: Math.random, onEvent },
      {
        runId: header.runId,
        planned: header.planned,
        settings,
        signal: options.signal ?? new AbortController().signal,
        forceSignal: options.forceSignal ?? new AbortController().signal,
        life: { keyFingerprint: approval.keyFingerprint, toolVersion: TOOL.version, holdFiles, ...notes },
      },
    ).catch((thrown: unknown) => {
      throw toBeResumed(thrown, options.nextCommand('resume'));
    });
    rememberDeletions(options.stateDir, header.target.baseUrl, onEvent);
    const { files, summary } = await writeResults(run, out, options.nextCommand);
    await options.publish?.(run, { files, summary });
    rememberResults(run, onEvent);
    onEvent({ type: 'finished', exitCode: summary.exitCode, stopReason: summary.stopReason });
    const error = end.stopReason === null ? null : end.stopDetail;
    return { runId: header.runId, folder, summary, files, error };
  } finally {
    await api.close();
  }
}

/** What could not be recorded stopped the run; where its record ends, it goes on. */
function toBeResumed(thrown: unknown, resume: string): unknown {
  rethrowBug(thrown);
  return new PurgeError(thrown.kind, thrown.message, {
    next: `free the disk, then continue with ${resume}; nothing that was sent is lost`,
    details: thrown.details,
    cause: thrown,
  });
}

/** After the run: whatever goes wrong with its files now is local, and the run itself is recorded. */
async function writeResults(
  run: RunFile,
  out: string,
  nextCommand: StartOptions['nextCommand'],
): ReturnType<typeof writeReport> {
  try {
    return await writeReport(run.record(), out, TOOL);
  } catch (thrown) {
    rethrowBug(thrown);
    throw new PurgeError(
      'storage',
      `The run is recorded, but its results could not be written: ${thrown.message}`,
      {
        next: `${nextCommand('resume')} writes them, or ${nextCommand('report')} --out <another folder>`,
        cause: thrown,
      },
    );
  }
}

/** Until this is recorded, `resume` writes the results again, which does no harm. */
function rememberResults(run: RunFile, onEvent: OnEvent): void {
  try {
    run.markReported();
  } catch (thrown) {
    const why = messageOf(thrown);
    onEvent({ type: 'warning', message: `It could not be recorded that the results are written: ${why}` });
  }
}

/** The ledger is derived: what it misses now, the next plan takes over from the run file. */
function rememberDeletions(stateDir: string, origin: string, onEvent: OnEvent): void {
  try {
    new SqliteLedger(stateDir, origin, () => {}).close();
  } catch (thrown) {
    rethrowBug(thrown);
    onEvent({ type: 'warning', message: `The ledger could not be brought up to date: ${thrown.message}` });
  }
}

async function checkDiskSpace(folders: readonly string[], rows: number): Promise<void> {
  const needed = BYTES_AT_LEAST + rows * BYTES_A_ROW;
  for (const folder of folders) {
    const free = await freeBytes(folder);
    if (free >= needed) continue;
    throw new PurgeError(
      'storage',
      `The disk of ${folder} has ${megabytes(free)} MB left; this run may need ${megabytes(needed)} MB. Nothing was sent.`,
      {
        next: 'free disk space, or choose another --state-dir or --out',
      },
    );
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}
