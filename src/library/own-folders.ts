import { dirname, join, resolve } from 'node:path';
import { createPrivateFolder } from '../safe-files.ts';
import { runsFolder } from '../store/run-folders.ts';
import { LOCKS } from '../store/target-lock.ts';

/**
 * Makes sure, before anything in them is opened, that the folders a run writes to are this user's own and no links
 * (`refused` otherwise): somebody may have exchanged one since the plan was made.
 */
export async function checkOwnFolders(stateDir: string, runFolder: string): Promise<void> {
  const runs = runsFolder(resolve(stateDir));
  // A run named by its folder may lie elsewhere, in a folder that is no business of ours.
  const isOurs = dirname(resolve(runFolder)) === runs;
  const folders = [stateDir, ...(isOurs ? [runs] : []), join(stateDir, LOCKS), runFolder];
  for (const folder of folders) await createPrivateFolder(folder);
}
