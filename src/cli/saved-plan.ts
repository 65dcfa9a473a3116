import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PurgeError } from '../errors.ts';
import { findRunFolder, PLAN_CSV, PLAN_JSON, RUN_DB, runFolder } from '../store/run-folders.ts';
import type { CommandContext } from './command-context.ts';
import { shownValue } from '../key-like.ts';

/** What the ID of a run looks like, from its start. */
const LIKE_A_RUN = /^\d{8}-\d{6}-/;

/**
 * The saved plan that the words name, or `undefined` when they are manifests. Throws a `usage` PurgeError for a plan
 * among other words, for a run that is not there and for half of a run folder.
 */
export function findSavedPlan({ words, stateDir }: CommandContext): string | undefined {
  const run = words.find((word) => findRunFolder(stateDir, word) !== undefined);
  if (run === undefined) {
    for (const word of words) refuseHalfFolder(word);
    const [word] = words;
    if (words.length === 1 && word !== undefined && LIKE_A_RUN.test(word) && !existsSync(word)) {
      // Not a manifest either: let it say that there is no such run.
      runFolder(stateDir, word);
    }
    return undefined;
  }
  if (words.length === 1) return run;
  throw new PurgeError(
    'usage',
    `${shownValue(run)} is a saved plan; it cannot be mixed with other manifests or plans.`,
    { next: 'apply one saved plan, or only manifests' },
  );
}

/** Read as a folder of manifests, what is left of a run folder would be answered with riddles. */
function refuseHalfFolder(word: string): void {
  const missing = [RUN_DB, PLAN_JSON, PLAN_CSV].filter((name) => !existsSync(join(word, name)));
  const [first] = missing;
  if (first === undefined || missing.length > 1) return;
  throw new PurgeError('usage', `${shownValue(word)} is a run folder without ${first}.`, {
    next: 'restore the folder from a backup, or plan again from the manifests',
  });
}
