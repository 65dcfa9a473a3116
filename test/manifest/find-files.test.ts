import { linkSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findFiles } from '../../src/manifest/find-files.ts';
import { ManifestFolder, usageError } from './manifest-folder.ts';

function folderWith(...names: readonly string[]): ManifestFolder {
  const folder = new ManifestFolder();
  for (const name of names) {
    mkdirSync(join(folder.path, name, '..'), { recursive: true });
    folder.write(name, 'id\n');
  }
  return folder;
}

const paths = async (folder: ManifestFolder, ...patterns: string[]): Promise<string[]> =>
  (await findFiles(patterns, folder.path)).map(({ path }) => path);

test('files come in the order in which they are given, as they are named', async () => {
  using folder = folderWith('b.csv', 'a.csv');
  expect(await paths(folder, 'b.csv', './a.csv', '-')).toEqual(['b.csv', './a.csv', '-']);
});

test('a folder gives its manifests sorted by name, without its folders, dotfiles and other files', async () => {
  using folder = folderWith(
    'in/b.csv',
    'in/a.ndjson',
    'in/C.JSON',
    'in/d.jsonl',
    'in/.e.csv',
    'in/README.md',
  );
  mkdirSync(join(folder.path, 'in/f.csv'));
  folder.write('in/f.csv/g.csv', 'id\n');
  expect(await paths(folder, 'in')).toEqual(['in/C.JSON', 'in/a.ndjson', 'in/b.csv', 'in/d.jsonl']);
});

test('a glob gives its files sorted, without folders', async () => {
  using folder = folderWith('in/b.csv', 'in/a.csv', 'in/sub/c.csv', 'in/d.txt');
  expect(await paths(folder, 'in/*')).toEqual(['in/a.csv', 'in/b.csv', 'in/d.txt']);
  expect(await paths(folder, 'in/**/*.csv')).toEqual(['in/a.csv', 'in/b.csv', 'in/sub/c.csv']);
});

test('a file whose name looks like a glob is that file', async () => {
  using folder = folderWith('[ab].csv', 'a.csv', 'b.csv');
  expect(await paths(folder, '[ab].csv')).toEqual(['[ab].csv']);
});

test.each([
  [[], 'No manifest was given.'],
  [[''], 'The name of a manifest is empty.'],
  [['nope.csv'], 'nope.csv: there is no such file'],
  [['a.csv/b.csv'], 'a.csv/b.csv: there is no such file'],
  [['*.json'], '*.json: no file matches'],
  [['empty'], 'empty: the folder has no manifest'],
  [['-', '-'], '-: the same file is given twice'],
  [['a.csv', './a.csv'], './a.csv: the same file is given twice (as a.csv)'],
  [['*.csv', 'a.csv'], 'a.csv: the same file is given twice (as a.csv)'],
  [['a.csv', 'symlink.csv'], 'symlink.csv: the same file is given twice (as a.csv)'],
  [['a.csv', 'hardlink.csv'], 'hardlink.csv: the same file is given twice (as a.csv)'],
  [['a\u0000.csv'], 'a<U+0000>.csv: cannot be read'],
  [['x\u001b[31m.csv'], 'x<U+001B>[31m.csv: '],
])('%j is refused: %s', async (patterns, message) => {
  using folder = folderWith('a.csv');
  mkdirSync(join(folder.path, 'empty'));
  if (patterns.includes('symlink.csv')) symlinkSync('a.csv', join(folder.path, 'symlink.csv'));
  if (patterns.includes('hardlink.csv'))
    linkSync(join(folder.path, 'a.csv'), join(folder.path, 'hardlink.csv'));
  const error = await usageError(findFiles(patterns, folder.path));
  expect(error.message).toContain(message);
});

test('a link that leads to itself is a file that cannot be read, not one that is missing', async () => {
  using folder = folderWith();
  symlinkSync('loop.csv', join(folder.path, 'loop.csv'));
  const error = await usageError(findFiles(['loop.csv'], folder.path));
  expect(error.message).toBe('loop.csv: cannot be read');
});

test('standard input needs a format, and there must be one', async () => {
  using folder = folderWith('a.csv');
  expect((await usageError(folder.read(['-']))).next).toContain('--format csv');
  expect((await usageError(folder.read(['-'], { format: 'csv' }))).message).toBe(
    '-: there is no standard input to read',
  );
});

test('several manifests become one list whose rows know their source', async () => {
  using folder = folderWith();
  folder.write('a.csv', 'id,kind\n8a4f94e736,video\n');
  folder.write('b.json', '["8a4f94e737"]');
  const { rows, summaries } = await folder.read(['b.json', 'a.csv'], { kind: 'video' });
  expect(rows.map(({ id, source }) => [id, source])).toEqual([
    ['8a4f94e737', 0],
    ['8a4f94e736', 1],
  ]);
  expect(summaries.map(({ path, format }) => [path, format])).toEqual([
    ['b.json', 'json'],
    ['a.csv', 'csv'],
  ]);
});

test('files may be missing where the caller says so, but not the place where they belong', async () => {
  using folder = folderWith('in/b.txt', 'in/sub/c.csv');
  const found = (missing: 'files' | 'named', pattern: string): Promise<readonly unknown[]> =>
    findFiles([pattern], folder.path, { missing });
  expect(await found('files', 'in')).toEqual([]);
  expect(await found('files', 'in/*.csv')).toEqual([]);
  expect(await found('named', 'in/a.csv')).toEqual([]);
  for (const pattern of ['in/a.csv', 'out', 'out/*.csv']) {
    await expect(found('files', pattern)).rejects.toMatchObject({ kind: 'usage' });
  }
  for (const pattern of ['in/a', 'out/a.csv', 'out', 'out/**/*.csv']) {
    await expect(found('named', pattern)).rejects.toMatchObject({ kind: 'usage' });
  }
});
