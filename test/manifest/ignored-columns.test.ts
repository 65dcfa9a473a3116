import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openManifests, type ReadOptions } from '../../src/manifest/read-manifests.ts';
import { planPurge } from '../../src/index.ts';
import { ManifestFolder, readManifest, usageError } from './manifest-folder.ts';

async function warningsOf(
  files: Readonly<Record<string, string>>,
  options: ReadOptions,
): Promise<readonly string[]> {
  using folder = new ManifestFolder();
  for (const [name, content] of Object.entries(files)) folder.write(name, content);
  const source = await openManifests(Object.keys(files), { kind: 'video', cwd: folder.path, ...options });
  for await (const page of source.pages()) expect(page.length).toBeGreaterThan(0);
  return source.warnings?.() ?? [];
}

test('the columns that are ignored are named, once for all the manifests that have them', async () => {
  const csv = 'id,owner,note\n8a4f94e736,me,x\n';
  const json = '{"id":"8a4f94e737","note":1}\n{"id":"8a4f94e738","note":[2]}\n';
  const files = { 'a.csv': csv, 'b.csv': csv, 'c.ndjson': json, 'd.csv': 'id\n8a4f94e739\n' };
  expect(await warningsOf(files, { ignoreColumns: ['*'] })).toEqual([
    'a.csv and 1 more: columns ignored: "owner", "note".',
    'c.ndjson: columns ignored: "note".',
  ]);
});

test.each([
  'Mode',
  'MODE',
  'mod',
  'modes',
  'node',
  ' mode',
  'Kind',
  'kinds',
  'ID',
  'ids',
  'Video_ID',
  'replica-id',
])(
  'an ignored * refuses the column %j, which looks like one of ours; its own name ignores it, loudly',
  async (name) => {
    const contents = {
      'a.json': JSON.stringify([{ id: '8a4f94e736', [name]: 'soft' }]),
      ...(name.trim() === name ? { 'a.csv': `id,${name}\n8a4f94e736,soft\n` } : {}),
    };
    for (const [file, content] of Object.entries(contents)) {
      const error = await usageError(readManifest(file, content, { kind: 'video', ignoreColumns: ['*'] }));
      expect(error.message).toContain(`"${name}" is an unknown column`);
      expect(error.next).toContain(`--ignore-columns '*,${name}'`);
      const [warning] = await warningsOf({ [file]: content }, { ignoreColumns: ['*', name] });
      expect(warning).toMatch(`${file}: the column "${name}" is IGNORED, although it looks like `);
    }
  },
);

test('a file with any number of ignored keys makes one short warning', async () => {
  const keys = Array.from({ length: 2000 }, (_, index) => `"key ${index}":1`).join(',');
  const [warning, ...others] = await warningsOf(
    { 'a.json': `[{"id":"8a4f94e736",${keys}}]` },
    { ignoreColumns: ['*'] },
  );
  expect(warning).toMatch(/"key 0", .*"key 9", perhaps more\.$/);
  expect(others).toEqual([]);
});

test('a plan of hard deletions says that the column Mode of its manifest was ignored', async () => {
  using folder = new ManifestFolder();
  folder.write('a.csv', 'id,kind,Mode\n8a4f94e736,video,soft\n');
  const options = { manifests: [join(folder.path, 'a.csv')], stateDir: folder.path, mode: 'hard' } as const;
  await expect(planPurge({ ...options, ignoreColumns: ['*'] })).rejects.toMatchObject({ kind: 'usage' });
  const { header } = await planPurge({ ...options, ignoreColumns: ['Mode'] });
  expect(header.warnings).toContainEqual(
    expect.stringMatching(/a\.csv: the column "Mode" is IGNORED, although it looks like mode\.$/),
  );
});
