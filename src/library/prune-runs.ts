import { rename, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { PurgeError, rethrowBug } from '../errors.ts';
import type { KeepRuns, PrunedRun, PruneOptions } from '../library.ts';
import { syncFolder } from '../safe-files.ts';
import { naming } from '../storage-error.ts';
import { openLedgerFile } from '../store/ledger-file.ts';
import { keepPrunedRun } from '../store/pruned-runs.ts';
import { withRun, type RunFile } from '../store/run-file.ts';
import { listPruningFolders, listRunFolders, pruningFolder, runsFolder } from '../store/run-folders.ts';
import { runLock, takeLock } from '../store/target-lock.ts';
import { systemClock } from '../system-clock.ts';
import { checkOwnFolders } from './own-folders.ts';
import { jobNamed } from './run-notes.ts';
import { whatToPrune, type PruneCandidate } from './what-to-prune.ts';

interface Candidate extends PruneCandidate {
  readonly folder: string;
  readonly job: string | null;
}

/**
 * Removes the folders of old runs, oldest first, and answers with what it did about each run and why. Never one that is
 * not finished or that somebody works on, and none before the ledger holds what must be remembered of it. A removal
 * that was cut off is ended by the next call. Throws a `usage` PurgeError without any limit, a `storage` one when the
 * ledger cannot be used; nothing is removed then.
 */
export async function pruneRuns(options: PruneOptions): Promise<readonly PrunedRun[]> {
  const { stateDir, dryRun = false, now = systemClock.now } = options;
  const keep = checkKeep(options.keep);
  const job = jobNamed(options.job);
  if (!dryRun) await endRemovals(stateDir);
  const candidates = await candidatesOf(options, job);
  const choices = whatToPrune(candidates, keep, now());
  if (dryRun || !choices.some(({ goes }) => goes)) {
    return choices.map(({ run, goes, why }) => told(run, goes ? 'would_remove' : 'kept', why));
  }
  using ledger = openLedgerFile(stateDir);
  const done: PrunedRun[] = [];
  for (const { run, goes, why } of choices) {
    done.push(goes ? await tryToRemove(run, { stateDir, ledger, why, now: now() }) : told(run, 'kept', why));
  }
  return done;
}

function told({ runId, folder, job }: Candidate, action: PrunedRun['action'], why: string): PrunedRun {
  return { runId, folder, job, action, why };
}

function checkKeep(keep: KeepRuns): KeepRuns {
  const given = [keep.runs, keep.days].filter((limit) => limit !== null);
  if (given.length > 0 && given.every((limit) => Number.isSafeInteger(limit) && limit > 0)) return keep;
  throw new PurgeError('usage', 'Pruning needs to know how many runs, or the runs of how many days, stay.', {
    next: 'give a whole number above 0: --keep-runs 100, --keep-days 365, or both',
  });
}

async function candidatesOf(
  { stateDir, onUnreadable }: PruneOptions,
  job: string | null,
): Promise<readonly Candidate[]> {
  const candidates: Candidate[] = [];
  for (const folder of listRunFolders(stateDir)) {
    try {
      const candidate = await withRun(folder, { readOnly: true }, candidateOf);
      if (job === null || candidate.job === job) candidates.push(candidate);
    } catch (thrown) {
      rethrowBug(thrown);
      onUnreadable?.(folder, thrown);
    }
  }
  return candidates;
}

function candidateOf(run: RunFile): Candidate {
  const { runId, job, createdAt } = run.header;
  return {
    runId,
    folder: run.folder,
    job: job ?? null,
    state: pruneState(run),
    at: run.lastLife()?.lastSignAt ?? Date.parse(createdAt),
  };
}

function pruneState(run: RunFile): Candidate['state'] {
  // A copy of a run under the name of another one is nothing that we made.
  if (basename(run.folder) !== run.header.runId) return 'unfinished';
  if (run.isUntouched()) return 'plan';
  return run.isFinished() ? 'finished' : 'unfinished';
}

async function tryToRemove(
  run: Candidate,
  { stateDir, ledger, why, now }: { stateDir: string; ledger: DatabaseSync; why: string; now: number },
): Promise<PrunedRun> {
  const { runId, folder } = run;
  try {
    await checkOwnFolders(stateDir, folder);
    using _ = takeLock(runLock(runId, folder), { runId, since: new Date(now).toISOString() });
    // Nobody can change it any more; somebody may have, since it was looked at.
    const isSame = await withRun(folder, { readOnly: true }, (file) => {
      if (pruneState(file) !== run.state) return false;
      keepPrunedRun(ledger, file, now);
      return true;
    });
    if (!isSame) return told(run, 'kept', 'somebody began to work on it');
    await remove(stateDir, run);
    return told(run, 'removed', why);
  } catch (thrown) {
    rethrowBug(thrown);
    if (thrown.kind === 'locked') return told(run, 'kept', 'somebody works on it');
    return told(run, 'failed', thrown.message);
  }
}

/** The folder goes whole, by one rename, or not at all; then its files do. */
async function remove(stateDir: string, { runId, folder }: Candidate): Promise<void> {
  const doomed = pruningFolder(stateDir, runId);
  await naming('remove', folder, () => rename(folder, doomed));
  await syncFolder(runsFolder(stateDir));
  await removeFolder(doomed);
}

/** The ledger holds what must be remembered of these: they were renamed after that. */
async function endRemovals(stateDir: string): Promise<void> {
  for (const folder of listPruningFolders(stateDir)) await removeFolder(folder);
}

async function removeFolder(folder: string): Promise<void> {
  await naming('remove', folder, () => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
}
