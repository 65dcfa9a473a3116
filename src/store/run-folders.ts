import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { PurgeError } from '../errors.ts';

const RUN_ID = /^\d{8}-\d{6}-[0-9a-f]{6}$/;

/** The names of a run folder's files (CONTRACT.md 8). */
export const RUN_DB = 'run.db';
export const PLAN_CSV = 'plan.csv';
export const PLAN_JSON = 'plan.json';
export const LOG_NDJSON = 'log.ndjson';

/** A new run ID: the moment in UTC, and chance against another run in the same second. It sorts by time. */
export function newRunId(now: number): string {
  const [day, time] = new Date(now).toISOString().replaceAll(/[-:]/g, '').split(/[T.]/);
  return `${day}-${time}-${randomBytes(3).toString('hex')}`;
}

export function runsFolder(stateDir: string): string {
  return join(stateDir, 'runs');
}

/** What a run folder is called while it is being removed: nobody takes it for a run. */
const PRUNING = '.pruning-';

/** Where a run folder is moved to before it is removed. */
export function pruningFolder(stateDir: string, runId: string): string {
  return join(runsFolder(stateDir), `${PRUNING}${runId}`);
}

/** Run folders whose removal was begun and never ended. */
export function listPruningFolders(stateDir: string): string[] {
  const folder = runsFolder(stateDir);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter(
      (entry) =>
        entry.isDirectory() &&
        entry.name.startsWith(PRUNING) &&
        RUN_ID.test(entry.name.slice(PRUNING.length)),
    )
    .map(({ name }) => join(folder, name));
}

/** The folder of a run named by its ID or by the folder itself; `undefined` when `run` names neither. */
export function findRunFolder(stateDir: string, run: string): string | undefined {
  if (RUN_ID.test(run)) {
    const folder = join(runsFolder(stateDir), run);
    return existsSync(join(folder, RUN_DB)) ? folder : undefined;
  }
  const folder = resolve(run);
  // Wherever it was moved and whatever it is called now.
  const isOurs = RUN_ID.test(basename(folder)) || existsSync(join(folder, PLAN_JSON));
  return isOurs && existsSync(join(folder, RUN_DB)) ? folder : undefined;
}

/** As `findRunFolder`; throws a `usage` PurgeError when there is no such run. */
export function runFolder(stateDir: string, run: string): string {
  const folder = findRunFolder(stateDir, run);
  if (folder !== undefined) return folder;
  throw new PurgeError('usage', `There is no run ${JSON.stringify(run)} in ${stateDir}.`, {
    next: 'tavus-purge runs list',
  });
}

/** All run folders, oldest first. Folders of plans that were never finished being made are left out. */
export function listRunFolders(stateDir: string): string[] {
  const folder = runsFolder(stateDir);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => RUN_ID.test(name) && existsSync(join(folder, name, RUN_DB)))
    .toSorted()
    .map((name) => join(folder, name));
}
