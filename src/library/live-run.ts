import type { Approval, BoundTarget } from '../approval.ts';
import { PurgeError } from '../errors.ts';
import type { PurgeRun, RunEnd } from '../library.ts';
import { openHolds } from '../manifest/hold-files.ts';
import type { OnEvent } from '../ports.ts';
import { carryOut } from '../purge.ts';
import { checkOutputFolder, writeReport } from '../report/write-report.ts';
import { freeBytes } from '../safe-files.ts';
import { scrubberFor } from '../scrub.ts';
import { SqliteLedger } from '../store/ledger.ts';
import type { RunFile } from '../store/run-file.ts';
import { takeLock } from '../store/target-lock.ts';
import { systemClock } from '../system-clock.ts';
import { openDeleteClient } from '../tavus/delete-client.ts';
import type { ExecutionSettings } from '../types.ts';
import { TOOL } from '../version.ts';
import { EventChannel } from './event-channel.ts';
import { userAgent } from './user-agent.ts';

export const toolMajor: number = Number.parseInt(TOOL.version, 10);

/** Room that a row needs in the run file and the results, with retries; and what the run needs at all. */
const BYTES_A_ROW = 2_000;
const BYTES_AT_LEAST = 1_000_000;

export interface StartOptions {
  readonly approval: Approval;
  readonly apiKey: string;
  readonly settings: ExecutionSettings;
  /** Absolute paths. */
  readonly holdFiles: readonly string[];
  readonly stateDir: string;
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
  return { finished, [Symbol.asyncIterator]: () => channel.events() };
}

/** The name of the lock that a run holds while it is carried out. */
export function runLockName(runId: string): string {
  return `the run ${runId}`;
}

/** Makes sure that no other process carries out this run, or any run on this target. */
export function lockRun(stateDir: string, runId: string, target: BoundTarget): Disposable {
  const holder = { runId, pid: process.pid, since: new Date(systemClock.now()).toISOString() };
  const locks = new DisposableStack();
  try {
    locks.use(
      takeLock(stateDir, `the target ${target.baseUrl} with the key ${target.keyFingerprint}`, holder),
    );
    locks.use(takeLock(stateDir, runLockName(runId), holder));
    return locks;
  } catch (thrown) {
    locks.dispose();
    throw thrown;
  }
}

/** One life of an approved run, from the last checks to its result files. */
export async function startRun(run: RunFile, options: StartOptions): Promise<RunEnd> {
  const { approval, apiKey, settings, holdFiles, onEvent } = options;
  const { header, folder } = run;
  const holds = await openHolds(holdFiles, { now: systemClock.now });
  const out = options.out ?? folder;
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
        life: { keyFingerprint: approval.keyFingerprint, toolVersion: TOOL.version, holdFiles },
      },
    );
    const { files, summary } = await writeReport(run.record(), out, TOOL);
    bringLedgerUpToDate(options.stateDir, header.target.baseUrl);
    onEvent({ type: 'finished', exitCode: summary.exitCode, stopReason: summary.stopReason });
    return {
      runId: header.runId,
      folder,
      summary,
      files,
      error: end.stopReason === null ? null : end.stopDetail,
    };
  } catch (thrown) {
    throw afterStorageFailure(thrown, header.runId);
  } finally {
    await api.close();
  }
}

function bringLedgerUpToDate(stateDir: string, origin: string): void {
  new SqliteLedger(stateDir, origin, () => {}).close();
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

function afterStorageFailure(thrown: unknown, runId: string): unknown {
  if (!(thrown instanceof PurgeError) || thrown.kind !== 'storage') return thrown;
  return new PurgeError('storage', thrown.message, {
    next: `${thrown.next ?? 'free the disk'}; then tavus-purge resume ${runId}`,
    cause: thrown,
  });
}
