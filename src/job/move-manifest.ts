import type { BigIntStats } from 'node:fs';
import { lstat, rename, rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { Append } from '../new-file.ts';
import { ensureWritableFolder, replaceFile, syncFolder } from '../safe-files.ts';
import { naming, systemCodeOf } from '../storage-error.ts';

/** Where a manifest of a drop folder goes; the folders lie beside it. */
export const DONE = 'done';
export const REJECTED = 'rejected';

/** What goes beside a manifest that is moved. */
export interface Companion {
  /** Added to the manifest's new name: `.results.csv`. */
  readonly suffix: string;
  readonly write: (append: Append) => Promise<void>;
}

/** Where a manifest is now, or why it stays: a phrase that fits after its name. */
export type MoveResult = { readonly path: string } | { readonly stays: string };

/**
 * One state of a file: any write or replacement makes another one. `null` when it has gone or is no plain file, such as
 * a link.
 */
export async function manifestState(file: string): Promise<string | null> {
  const stats = await naming('examine', file, () => statsOrMissing(file));
  return stats?.isFile() === true ? stateOf(stats) : null;
}

/**
 * Moves a manifest that is still in this `state` into a folder beside it, under its own name or, if that is taken, with
 * a number: nothing is ever overwritten. The companion is complete on the disk before the manifest moves, so that none
 * lies there without it. Throws a `storage` or `refused` PurgeError.
 */
export async function moveManifest(
  file: string,
  state: string,
  to: { readonly folder: typeof DONE | typeof REJECTED; readonly companion: Companion },
): Promise<MoveResult> {
  if ((await manifestState(file)) !== state) return CHANGED;
  const folder = join(dirname(file), to.folder);
  await ensureWritableFolder(folder);
  const path = await freeName(folder, basename(file), to.companion.suffix);
  const beside = `${path}${to.companion.suffix}`;
  await replaceFile(beside, to.companion.write);
  if ((await manifestState(file)) !== state) return await takeBack(beside);
  try {
    await naming('move', file, () => rename(file, path));
  } catch (error) {
    // Else each try would leave one more companion of a manifest that stays.
    await takeBack(beside);
    throw error;
  }
  if ((await manifestState(path)) !== state) {
    // Exchanged in the moment before the move: what lies there now was never looked at.
    await naming('move back', path, () => rename(path, file));
    return await takeBack(beside);
  }
  await syncFolder(folder);
  await syncFolder(dirname(file));
  return { path };
}

const CHANGED: MoveResult = { stays: 'it has changed meanwhile' };

async function takeBack(beside: string): Promise<MoveResult> {
  await naming('remove', beside, () => rm(beside, { force: true }));
  return CHANGED;
}

/** `requests.csv`, `requests-2.csv`, …: the first of which neither the file nor its companion is there. */
async function freeName(folder: string, name: string, suffix: string): Promise<string> {
  const ending = extname(name);
  const stem = name.slice(0, name.length - ending.length);
  for (let number = 1; ; number++) {
    const path = join(folder, number === 1 ? name : `${stem}-${number}${ending}`);
    const taken = await Promise.all([path, `${path}${suffix}`].map((each) => statsOrMissing(each)));
    if (taken.every((stats) => stats === undefined)) return path;
  }
}

/** Without the time of the last change of the inode, which a move changes. */
function stateOf({ dev, ino, size, mtimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs].join(':');
}

async function statsOrMissing(path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
