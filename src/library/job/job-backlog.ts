import { stat } from 'node:fs/promises';
import { rethrowBug } from '../../errors.ts';
import type { Job, JobBacklog } from '../../job/job.ts';
import { openHolds } from '../../manifest/hold-files.ts';
import type { Holds, Ledger } from '../../ports.ts';
import { SqliteLedger } from '../../store/ledger.ts';
import type { ManifestRow } from '../../types.ts';
import { openManifestsOf, waitingManifests } from './job-manifests.ts';

const NONE: JobBacklog = { manifests: 0, entries: 0, oldestAt: null };

/**
 * What waits at this moment: entries of the job's manifests that are neither deleted, by whatever run, nor on hold, nor
 * among `notFound`; the manifests that have such entries or cannot be read; and the oldest of those. Never throws a
 * PurgeError: numbers must not change how a job ends.
 */
export async function measureBacklog(
  job: Job,
  where: { readonly stateDir: string; readonly baseUrl: string; readonly now: () => number },
  notFound: ReadonlySet<string>,
): Promise<JobBacklog> {
  const files = await orWhenRefused(() => waitingManifests(job), []);
  if (files.length === 0) return NONE;
  const holds = await orWhenRefused(() => openHolds(job.holds, where), null);
  const ledger = await orWhenRefused(
    () => Promise.resolve(new SqliteLedger(where.stateDir, where.baseUrl, () => {})),
    null,
  );
  try {
    let backlog = NONE;
    for (const file of files) {
      const { entries, isWaiting } = await countWaiting(job, file, (row) =>
        isLeft(row, { holds, ledger, notFound }),
      );
      if (isWaiting) backlog = added(backlog, entries, await modifiedAt(file));
    }
    return backlog;
  } finally {
    ledger?.close();
  }
}

function added({ manifests, entries, oldestAt }: JobBacklog, more: number, at: number | null): JobBacklog {
  const oldest = at === null ? oldestAt : Math.min(oldestAt ?? at, at);
  return { manifests: manifests + 1, entries: entries + more, oldestAt: oldest };
}

function isLeft(
  row: ManifestRow,
  known: {
    readonly holds: Holds | null;
    readonly ledger: Ledger | null;
    readonly notFound: ReadonlySet<string>;
  },
): boolean {
  if (!row.valid) return true;
  const { kind, id, mode } = row;
  if (known.notFound.has(id) || known.holds?.find(kind, id) !== undefined) return false;
  const deleted = known.ledger?.find(kind, id);
  return deleted === undefined || (deleted.mode === 'soft' && mode === 'hard');
}

async function countWaiting(
  job: Job,
  file: string,
  isLeft: (row: ManifestRow) => boolean,
): Promise<{ readonly entries: number; readonly isWaiting: boolean }> {
  let entries = 0;
  try {
    const source = await openManifestsOf(job, [file]);
    for await (const page of source.pages()) entries += page.filter(isLeft).length;
    return { entries, isWaiting: entries > 0 };
  } catch (error) {
    rethrowBug(error);
    return { entries, isWaiting: true };
  }
}

async function modifiedAt(file: string): Promise<number | null> {
  try {
    return Math.round((await stat(file)).mtimeMs);
  } catch {
    // Taken away a moment ago.
    return null;
  }
}

async function orWhenRefused<T>(ask: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    rethrowBug(error);
    return otherwise;
  }
}
