import { glob, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { PurgeError } from '../errors.ts';
import { printable } from '../printable.ts';
import { formatOfName } from './detect-format.ts';
import { sourceError } from './source-error.ts';

const GLOB = /[*?[{]|[!+@]\(/;

/** A file to read: `path` as the operator named it, `file` where it is; `null` is standard input. */
export interface FoundFile {
  readonly path: string;
  readonly file: string | null;
}

export interface FindOptions {
  /**
   * What may be missing: `files` in a folder or for a glob whose fixed part is there, or also a file that is `named` and
   * has the ending of a manifest.
   * Nothing may, unless this says so.
   */
  readonly missing?: 'files' | 'named';
}

/**
 * The files that the patterns name, in the order of the patterns, those of one glob or folder sorted by name. A path that
 * exists is never read as a glob. Throws `usage` for a pattern that names nothing and for a file that is named twice.
 */
export async function findFiles(
  patterns: readonly string[],
  cwd: string,
  options: FindOptions = {},
): Promise<FoundFile[]> {
  if (patterns.length === 0) {
    throw new PurgeError('usage', 'No manifest was given.', {
      next: 'Name at least one file, glob or folder, or - for standard input.',
    });
  }
  const found: FoundFile[] = [];
  for (const pattern of patterns) found.push(...(await findPattern(pattern, cwd, options)));
  await refuseTwice(found);
  return found;
}

async function findPattern(pattern: string, cwd: string, { missing }: FindOptions): Promise<FoundFile[]> {
  if (pattern === '-') return [{ path: '-', file: null }];
  if (pattern === '') throw new PurgeError('usage', 'The name of a manifest is empty.');
  const file = resolve(cwd, pattern);
  const stats = await statOrMissing(pattern, file);
  if (stats?.isDirectory() === true) return findInFolder(pattern, file, missing !== undefined);
  if (stats !== undefined) return [{ path: pattern, file }];
  if (!GLOB.test(pattern)) {
    // Without the ending of a manifest it may be a folder that is not mounted.
    const isFile = formatOfName(file) !== undefined;
    if (missing === 'named' && isFile && (await isFolder(dirname(file)))) return [];
    throw sourceError(pattern, undefined, 'there is no such file', {
      next: 'Check the name and the current folder.',
    });
  }
  return findGlob(pattern, cwd, missing !== undefined && (await isFolder(fixedPart(file))));
}

/** The folder of a glob in which nothing is left to chance. */
function fixedPart(glob: string): string {
  const parts = glob.split('/');
  return (
    parts
      .slice(
        0,
        parts.findIndex((part) => GLOB.test(part)),
      )
      .join('/') || '/'
  );
}

async function isFolder(path: string): Promise<boolean> {
  return (await statOrMissing(path, path))?.isDirectory() === true;
}

async function findInFolder(pattern: string, folder: string, mayBeEmpty: boolean): Promise<FoundFile[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw sourceError(pattern, undefined, 'the folder cannot be read', { cause });
  });
  const names = entries
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .filter((name) => formatOfName(name) !== undefined)
    .toSorted();
  if (names.length === 0 && !mayBeEmpty) {
    throw sourceError(
      pattern,
      undefined,
      'the folder has no manifest; expected *.csv, *.json, *.ndjson or *.jsonl directly in it',
      { next: 'Name the files, or another folder; folders inside it are not searched.' },
    );
  }
  return names.map((name) => ({ path: join(pattern, name), file: join(folder, name) }));
}

async function findGlob(pattern: string, cwd: string, mayBeEmpty: boolean): Promise<FoundFile[]> {
  const paths: string[] = [];
  for await (const path of glob(pattern, { cwd })) {
    const stats = await statOrMissing(path, resolve(cwd, path));
    if (stats?.isDirectory() !== true) paths.push(path);
  }
  if (paths.length === 0 && !mayBeEmpty) {
    throw sourceError(pattern, undefined, 'no file matches', {
      next: 'Check the pattern and the current folder; a run over no files at all must be meant.',
    });
  }
  return paths.toSorted().map((path) => ({ path, file: resolve(cwd, path) }));
}

async function refuseTwice(found: readonly FoundFile[]): Promise<void> {
  const seen = new Map<string, string>();
  for (const { path, file } of found) {
    const stats = file === null ? undefined : await stat(file, { bigint: true }).catch(() => undefined);
    const identity = stats === undefined ? `path:${file ?? '-'}` : `${stats.dev}:${stats.ino}`;
    const earlier = seen.get(identity);
    if (earlier !== undefined) {
      throw sourceError(path, undefined, `the same file is given twice (as ${printable(earlier)})`, {
        next: 'Name every file once; mind globs and folders that overlap.',
      });
    }
    seen.set(identity, path);
  }
}

async function statOrMissing(path: string, file: string): Promise<{ isDirectory(): boolean } | undefined> {
  try {
    return await stat(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw sourceError(path, undefined, 'cannot be read', { cause: error });
  }
}
