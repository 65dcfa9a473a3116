import { execFile } from 'node:child_process';
import {
  access,
  chmod,
  chown,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createFileExclusively,
  createPrivateFolder,
  ensureWritableFolder,
  freeBytes,
  refuseSymlink,
  replaceFile,
  replaceFiles,
} from '../src/safe-files.ts';
import { storageErrorFrom } from '../src/storage-error.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

const run = promisify(execFile);
const refused = (message: string | RegExp) =>
  expect.objectContaining({ kind: 'refused', exitCode: 4, message: expect.stringMatching(message) });
const storage = (message: string | RegExp) =>
  expect.objectContaining({ kind: 'storage', exitCode: 8, message: expect.stringMatching(message) });

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: write`), { code, errno: -1, syscall: 'write' });
}

async function modeOf(path: string): Promise<string> {
  return ((await lstat(path)).mode & 0o777).toString(8);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

const text = (content: string) => (append: (text: string) => Promise<void>) => append(content);

describe('a private folder', () => {
  test('is made with what is missing above it, closed to everybody else', async () => {
    const folder = join(await temporaryFolder(), 'state', 'runs', 'run-1');
    await createPrivateFolder(folder);
    expect(await modeOf(folder)).toBe('700');
    expect(await modeOf(join(folder, '..'))).toBe('700');
  });

  test('may be there already when it is ours, and keeps what is in it', async () => {
    const folder = join(await temporaryFolder(), 'run-1');
    await createPrivateFolder(folder);
    await writeFile(join(folder, 'run.db'), 'x');
    await createPrivateFolder(`${folder}/`);
    expect(await readdir(folder)).toEqual(['run.db']);
  });

  test('is refused when others can write into it', async () => {
    const folder = join(await temporaryFolder(), 'run-1');
    await mkdir(folder);
    await chmod(folder, 0o770);
    await expect(createPrivateFolder(folder)).rejects.toEqual(refused('run-1 can be written by other users'));
  });

  test.skipIf(process.getuid?.() !== 0)(
    'is refused when it is another user’s (only root can give one away)',
    async () => {
      const folder = join(await temporaryFolder(), 'run-1');
      await mkdir(folder, 0o700);
      await chown(folder, 12_345, 12_345);
      await expect(createPrivateFolder(folder)).rejects.toEqual(refused('run-1 belongs to another user'));
      expect(await readdir(folder)).toEqual([]);
    },
  );

  test('is refused where every user could exchange it', async () => {
    const parent = join(await temporaryFolder(), 'open');
    await mkdir(parent);
    await chmod(parent, 0o777);
    await expect(createPrivateFolder(join(parent, 'run-1'))).rejects.toEqual(
      refused('lets every user exchange'),
    );
    expect(await readdir(parent)).toEqual([]);
    await chmod(parent, 0o1777);
    await createPrivateFolder(join(parent, 'run-1'));
  });

  test.each(['', '/', '/.'])(
    'is refused when the name is a link to another folder (written with %j at its end)',
    async (end) => {
      const folder = await temporaryFolder();
      await mkdir(join(folder, 'victim'));
      await symlink('victim', join(folder, 'run-1'));
      await expect(createPrivateFolder(join(folder, 'run-1') + end)).rejects.toEqual(
        refused('run-1 is a symbolic link'),
      );
      expect(await readdir(join(folder, 'victim'))).toEqual([]);
    },
  );

  test('is refused when the name is a file', async () => {
    const path = join(await temporaryFolder(), 'run-1');
    await writeFile(path, '');
    await expect(createPrivateFolder(path)).rejects.toEqual(refused('is no folder'));
  });
});

describe('a folder for files', () => {
  test('is made if it is missing, and nothing stays from the check', async () => {
    const folder = join(await temporaryFolder(), 'a', 'b');
    await ensureWritableFolder(folder);
    expect(await modeOf(folder)).toBe('700');
    expect(await readdir(folder)).toEqual([]);
  });

  test('that is a file is an error that says so', async () => {
    const path = join(await temporaryFolder(), 'out');
    await writeFile(path, '');
    await expect(ensureWritableFolder(path)).rejects.toEqual(
      storage('cannot create the folder .*out: a file of that name is in the way'),
    );
    await expect(ensureWritableFolder(join(path, 'deeper'))).rejects.toEqual(storage('not a folder'));
  });
});

describe('a file made exclusively', () => {
  test('is private and holds exactly the content', async () => {
    const path = join(await temporaryFolder(), 'plan.json');
    await createFileExclusively(path, 'é\n');
    expect(await readFile(path, 'utf8')).toBe('é\n');
    expect(await modeOf(path)).toBe('600');
  });

  test('never replaces a file', async () => {
    const path = join(await temporaryFolder(), 'plan.json');
    await writeFile(path, 'old');
    await expect(createFileExclusively(path, 'new')).rejects.toEqual(refused('plan.json exists already'));
    expect(await readFile(path, 'utf8')).toBe('old');
  });

  test.each(['victim', 'missing'])('never goes through a link (to a %s file)', async (target) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'victim'), 'precious');
    await symlink(target, join(folder, 'plan.json'));
    await expect(createFileExclusively(join(folder, 'plan.json'), 'new')).rejects.toEqual(
      refused('exists already'),
    );
    expect((await readdir(folder)).toSorted()).toEqual(['plan.json', 'victim']);
    expect(await readFile(join(folder, 'victim'), 'utf8')).toBe('precious');
  });
});

describe('a replaced file', () => {
  test('is private and complete', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme' })), async (parts) => {
        const path = join(await temporaryFolder(), 'results.csv');
        await replaceFile(path, async (append) => {
          for (const part of parts) await append(part);
        });
        const bytes = await readFile(path);
        expect(bytes.toString('utf8')).toBe(parts.join(''));
        expect(await modeOf(path)).toBe('600');
      }),
      { numRuns: 20 },
    );
  });

  test('keeps its old content until the new one is complete, and for good when the writer fails', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'results.csv');
    await replaceFile(path, text('old'));
    const failed = replaceFile(path, async (append) => {
      await append('half of the n');
      expect(await readFile(path, 'utf8')).toBe('old');
      throw new Error('the run file is broken');
    });
    await expect(failed).rejects.toThrow('the run file is broken');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['results.csv']);
  });

  test.each(['victim', 'missing', '.'])('is refused when the name is a link (to %j)', async (target) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'victim'), 'precious');
    await symlink(target, join(folder, 'results.csv'));
    const written = replaceFile(join(folder, 'results.csv'), text('new'));
    await expect(written).rejects.toEqual(refused('results.csv is a symbolic link'));
    expect(await readFile(join(folder, 'victim'), 'utf8')).toBe('precious');
    expect((await readdir(folder)).toSorted()).toEqual(['results.csv', 'victim']);
  });

  test('does not touch the target of a link that appears while it is written', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'results.csv');
    await writeFile(join(folder, 'victim'), 'precious');
    await replaceFile(path, async (append) => {
      await symlink('victim', path);
      await append('new');
    });
    expect(await readFile(join(folder, 'victim'), 'utf8')).toBe('precious');
    expect((await lstat(path)).isFile()).toBe(true);
    expect(await readFile(path, 'utf8')).toBe('new');
  });

  test('leaves the other name of a hard link alone', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'victim'), 'precious');
    await link(join(folder, 'victim'), join(folder, 'results.csv'));
    await replaceFile(join(folder, 'results.csv'), text('new'));
    expect(await readFile(join(folder, 'victim'), 'utf8')).toBe('precious');
  });

  test('is refused when the name is a folder or a pipe', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'taken'));
    await run('mkfifo', [join(folder, 'pipe')]);
    await expect(refuseSymlink(join(folder, 'taken'))).rejects.toEqual(refused('taken is not a file'));
    await expect(refuseSymlink(join(folder, 'pipe'))).rejects.toEqual(refused('pipe is not a file'));
  });

  test('fails with the place when its folder is gone, and an unprintable name cannot garble the message', async () => {
    const path = join(await temporaryFolder(), 'gone\u001b[2J', 'results.csv');
    await expect(replaceFile(path, text('new'))).rejects.toEqual(
      storage(/^cannot create .*gone<U\+001B>\[2J\/results.csv: it does not exist$/),
    );
  });

  test('fails when its folder is moved away under it', async () => {
    const folder = join(await temporaryFolder(), 'out');
    await mkdir(folder);
    const written = replaceFile(join(folder, 'results.csv'), async (append) => {
      await rename(folder, `${folder}-moved`);
      await append('new');
    });
    await expect(written).rejects.toEqual(storage('cannot write .*results.csv: it does not exist'));
  });
});

describe('files that belong together', () => {
  test('appear in order, and the last name is there only beside complete new ones', async () => {
    const folder = await temporaryFolder();
    for (const name of ['a', 'b', 'done']) await writeFile(join(folder, name), 'old');
    // A folder in the place of `b` that appears during the write makes the second rename fail.
    const failed = replaceFiles(folder, ['a', 'b', 'done'], async (a, b, done) => {
      await Promise.all([a('new'), b('new'), done('new')]);
      await rename(join(folder, 'b'), join(folder, 'b-before'));
      await mkdir(join(folder, 'b', 'full'), { recursive: true });
    });
    await expect(failed).rejects.toEqual(storage('cannot write .*b:'));
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('new');
    expect(await exists(join(folder, 'done'))).toBe(false);
    expect((await readdir(folder)).toSorted()).toEqual(['a', 'b', 'b-before']);
  });

  test('are all left as they were when one cannot be written', async () => {
    const folder = await temporaryFolder();
    for (const name of ['a', 'done']) await writeFile(join(folder, name), 'old');
    const failed = replaceFiles(folder, ['a', 'done'], async (a) => {
      await a('new');
      throw new Error('no more');
    });
    await expect(failed).rejects.toThrow('no more');
    for (const name of ['a', 'done']) expect(await readFile(join(folder, name), 'utf8')).toBe('old');
    expect((await readdir(folder)).toSorted()).toEqual(['a', 'done']);
  });

  test('are all refused when one of their names is a link', async () => {
    const folder = await temporaryFolder();
    await symlink('elsewhere', join(folder, 'done'));
    await expect(replaceFiles(folder, ['a', 'done'], (a) => a('new'))).rejects.toEqual(
      refused('done is a symbolic link'),
    );
    expect(await readdir(folder)).toEqual(['done']);
    expect(await readlink(join(folder, 'done'))).toBe('elsewhere');
  });
});

describe('when the disk takes only a part', () => {
  const script = fileURLToPath(new URL('helpers/replace-file-process.ts', import.meta.url));

  /** The shell command runs with `$@` as the program that writes `kilobytes` to `path`. */
  async function writeUnder(shell: string, path: string, kilobytes: number): Promise<string> {
    const args = ['-c', shell, 'sh', process.execPath, script, path, String(kilobytes)];
    return (await run('sh', args)).stdout;
  }

  test('a short write is noticed, the old file stays and the part is removed', async () => {
    const path = join(await temporaryFolder(), 'results.csv');
    await writeFile(path, 'old');
    // 300 blocks of 512 bytes, 200 KiB in two writes: the system takes half of the last one without an error.
    const outcome = await writeUnder('ulimit -f 300 && exec "$@"', path, 200);
    expect(outcome).toMatch(
      /^storage: cannot write .*\/results\.csv: the file would be larger than allowed$/,
    );
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(join(path, '..'))).toEqual([basename(path)]);
  });

  test('the same file is whole without the limit', async () => {
    const path = join(await temporaryFolder(), 'results.csv');
    expect(await writeUnder('exec "$@"', path, 200)).toBe('written');
    expect((await lstat(path)).size).toBe(200 * 1024);
  });
});

test('free space is that of the folder’s disk', async () => {
  expect(await freeBytes(await temporaryFolder())).toBeGreaterThan(0);
  await expect(freeBytes('/no/such/folder')).rejects.toEqual(storage('it does not exist'));
});

describe('an error of the system', () => {
  test.each([
    ['ENOSPC', 'no space is left on the disk'],
    ['EDQUOT', 'the disk quota is used up'],
    ['EROFS', 'the file system is read-only'],
    ['EACCES', 'permission denied'],
    ['EMFILE', 'too many files are open'],
    ['EIO', 'the disk reported an error'],
    ['ESTALE', 'the system answered ESTALE'],
  ])('%s becomes a storage error with a next step', (code, why) => {
    const cause = systemError(code);
    const error = storageErrorFrom('write', '/out/results.csv', cause);
    expect(error).toMatchObject({ kind: 'storage', exitCode: 8, cause, next: expect.stringMatching(/./) });
    expect(error).toHaveProperty('message', `cannot write /out/results.csv: ${why}`);
  });

  test('is told from a bug, which stays what it is', () => {
    const bug = new TypeError('x is undefined');
    expect(storageErrorFrom('write', 'a', bug)).toBe(bug);
    expect(storageErrorFrom('write', 'a', 'text')).toBe('text');
  });
});
