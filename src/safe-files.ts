/**
 * Files and folders that hold what a run did: private (0600, 0700), never written through a symbolic link, and
 * complete on the disk or visibly not there. A failure of the system is a `storage` PurgeError, a doubtful name `refused`.
 */
import { randomUUID } from 'node:crypto';
import { constants, lstat, mkdir, mkdtemp, open, rename, rm, rmdir, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { createFile, type Append, type NewFile } from './new-file.ts';
import { printable } from './printable.ts';
import { naming, refusal, systemCodeOf } from './storage-error.ts';

const PRIVATE_FOLDER = 0o700;
const LINK = 'is a symbolic link; nothing is written through one';

/**
 * Makes a folder (0700) and what is missing above it. An existing folder is fine when it is this user's and nobody
 * else may write there; a link, another user's folder, or a place where others could exchange it is `refused`.
 */
export async function createPrivateFolder(path: string): Promise<void> {
  // Without `.` and a final slash, which would make the system follow a link.
  const folder = resolve(path);
  const parent = dirname(folder);
  await naming('create the folder', parent, () => makeFolders(parent));
  const { mode } = await naming('examine', parent, () => lstat(parent));
  if ((mode & 0o002) !== 0 && (mode & 0o1000) === 0) {
    throw refusal(parent, 'lets every user exchange the folders in it', `chmod o-w ${printable(parent)}`);
  }
  const isNew = await naming('create the folder', folder, () => makeFolder(folder));
  if (!isNew) await refuseForeignFolder(folder);
}

/** Makes a folder (0700) and what is missing above it. Not by `recursive`, which never ends in places such as /proc. */
async function makeFolders(folder: string): Promise<void> {
  try {
    await mkdir(folder, PRIVATE_FOLDER);
  } catch (thrown) {
    const code = systemCodeOf(thrown);
    if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(folder) === folder) throw thrown;
    await makeFolders(dirname(folder));
    await mkdir(folder, PRIVATE_FOLDER);
  }
}

/** Makes a folder (0700) if it is missing, and proves by writing that files can be made in it. `refused` when it is a link. */
export async function ensureWritableFolder(folder: string): Promise<void> {
  await refuseLinkedFolder(folder);
  await naming('create the folder', folder, () => makeFolders(folder));
  const probe = join(folder, `.tavus-purge-${randomUUID()}.tmp`);
  await createFileExclusively(probe, 'can this folder be written?\n');
  await naming('remove', probe, () => rm(probe));
}

/** Creates a file (0600) with this content, durably. `refused` when the name is taken, be it by a link; no part of it stays on failure. */
export async function createFileExclusively(path: string, content: string): Promise<void> {
  const file = await createFile(path);
  try {
    await file.append(content);
    await file.finish();
    await syncFolder(dirname(path));
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/**
 * Writes a file anew under a temporary name in its folder, syncs it and renames it: the name always holds the complete
 * old or the complete new file. No temporary file stays on failure.
 */
export async function replaceFile(
  path: string,
  write: (append: Append) => Promise<void>,
  options: ReplaceOptions = {},
): Promise<void> {
  await replaceFiles(dirname(path), [basename(path)], write, options);
}

export interface ReplaceOptions {
  /** Permissions of the new file, whatever the umask is; 0600 unless others are meant to read it. */
  readonly mode?: number;
}

/**
 * Like `replaceFile`, for files of one folder that belong together: all are complete on the disk before the first is
 * renamed. The last name is their completion marker: the old one goes before anything changes, the new one comes last.
 */
export async function replaceFiles<const Names extends readonly string[]>(
  folder: string,
  names: Names,
  write: (...appends: ForEach<Names, Append>) => Promise<void>,
  { mode }: ReplaceOptions = {},
): Promise<void> {
  await refuseLinkedFolder(folder);
  for (const name of names) await refuseSymlink(join(folder, name));
  const files: NewFile[] = [];
  try {
    for (const name of names) {
      const temporary = join(folder, `.${name}.${randomUUID()}.tmp`);
      files.push(await createFile(temporary, join(folder, name), mode));
    }
    await write(...appendsOf(names, files));
    for (const file of files) await file.finish();
    await publish(
      folder,
      files.map((file, index) => ({ from: file.path, to: join(folder, names[index] ?? '') })),
    );
  } catch (error) {
    for (const file of files) await file.discard();
    throw error;
  }
}

/** Throws a `refused` PurgeError when the name is a symbolic link, a folder or a device; a plain file or none is fine. */
export async function refuseSymlink(path: string): Promise<void> {
  const found = await naming('examine', path, () => lstatOrMissing(path));
  if (found === undefined || found.isFile()) return;
  const what = found.isSymbolicLink() ? LINK : 'is not a file';
  throw refusal(path, what, 'remove it or choose another folder');
}

/** Bytes that this user may still write to the disk of a folder. */
export async function freeBytes(folder: string): Promise<number> {
  const disk = await naming('examine', folder, () => statfs(folder));
  return disk.bavail * disk.bsize;
}

type ForEach<Names extends readonly string[], Value> = { -readonly [Index in keyof Names]: Value };

/** How to add to the file of each name, from the files that were made for them in the same order. */
function appendsOf<Names extends readonly string[]>(
  names: Names,
  files: readonly NewFile[],
): ForEach<Names, Append> {
  if (files.length !== names.length) throw new Error('one file for each name');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `map` forgets the length that was just checked
  return files.map(({ append }) => append) as ForEach<Names, Append>;
}

async function publish(
  folder: string,
  renames: readonly { readonly from: string; readonly to: string }[],
): Promise<void> {
  const marker = renames.length > 1 ? renames.at(-1) : undefined;
  // Synced at each step, or a power cut could show the new marker beside old files.
  if (marker !== undefined) {
    await naming('replace', marker.to, () => rm(marker.to, { force: true }));
    await syncFolder(folder);
  }
  for (const { from, to } of renames) {
    if (to === marker?.to) await syncFolder(folder);
    await naming('write', to, () => rename(from, to));
  }
  await syncFolder(folder);
}

/** Makes the names in a folder durable: files that were made, renamed or removed in it. */
export async function syncFolder(folder: string): Promise<void> {
  await naming('write', folder, async () => {
    await using handle = await open(folder, constants.O_RDONLY);
    await handle.sync();
  });
}

/** Whether the folder was made now; `false` when the name was taken. */
async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path, PRIVATE_FOLDER);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function refuseLinkedFolder(path: string): Promise<void> {
  // Without `.` and a final slash, which would make the system follow a link.
  const folder = resolve(path);
  const found = await naming('examine', folder, () => lstatOrMissing(folder));
  if (found?.isSymbolicLink() !== true) return;
  throw refusal(folder, LINK, 'name the folder that it leads to');
}

async function refuseForeignFolder(path: string): Promise<void> {
  const found = await naming('examine', path, () => lstat(path));
  if (!found.isDirectory()) {
    const what = found.isSymbolicLink() ? LINK : 'is no folder';
    throw refusal(path, what, 'remove it or choose another folder');
  }
  if ((found.mode & 0o022) !== 0) {
    throw refusal(path, 'can be written by other users', `chmod go-w ${printable(path)}`);
  }
  // What this user makes belongs to this user: an owner to compare with, also where accounts have no name.
  const own = await naming('write', path, () => mkdtemp(join(path, '.tavus-purge-')));
  const mine = await naming('examine', own, () => lstat(own));
  await naming('remove', own, () => rmdir(own));
  if (found.uid !== mine.uid) throw refusal(path, 'belongs to another user', 'choose another folder');
}

async function lstatOrMissing(path: string): Promise<Awaited<ReturnType<typeof lstat>> | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
