import { rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { planPurge } from '../../src/index.ts';
import { openHolds } from '../../src/manifest/hold-files.ts';
import type { Holds } from '../../src/ports.ts';
import { ManifestFolder, usageError } from './manifest-folder.ts';

const at = (iso: string): number => Date.parse(iso);

async function holdsOf(
  folder: ManifestFolder,
  files: Readonly<Record<string, string>>,
  now: () => number = () => at('2026-05-01T12:00:00Z'),
): Promise<Holds> {
  for (const [name, content] of Object.entries(files)) folder.write(name, content);
  return openHolds(Object.keys(files), { now, cwd: folder.path });
}

test('a hold without a kind holds both kinds, one with a kind that kind only', async () => {
  using folder = new ManifestFolder();
  const holds = await holdsOf(folder, {
    'h.csv': 'id,kind,reason,ticket\nabcd1234,,legal,T-1\nrf4e9d9790f0,replica,demo,\n',
  });
  expect(holds.find('video', 'abcd1234')).toEqual({ reason: 'legal', path: 'h.csv' });
  expect(holds.find('replica', 'abcd1234')).toEqual({ reason: 'legal', path: 'h.csv' });
  expect(holds.find('replica', 'rf4e9d9790f0')).toEqual({ reason: 'demo', path: 'h.csv' });
  expect(holds.find('video', 'rf4e9d9790f0')).toBeUndefined();
  expect(holds.find('video', 'ABCD1234')).toBeUndefined();
  expect(holds.summaries()).toMatchObject([{ path: 'h.csv', entries: 2 }]);
});

test('hold files may be CSV, JSON in every form, and NDJSON', async () => {
  using folder = new ManifestFolder();
  const holds = await holdsOf(folder, {
    'a.csv': 'video_id\naaaaaaa1\n',
    'b.json': '["aaaaaaa2"]',
    'c.json': '{"replicas":["aaaaaaa3"]}',
    'd.ndjson': '{"id":"aaaaaaa4","until":"2026-05-01","reason":"r"}\n',
  });
  expect(holds.find('video', 'aaaaaaa1')?.path).toBe('a.csv');
  expect(holds.find('replica', 'aaaaaaa1')).toBeUndefined();
  expect(holds.find('replica', 'aaaaaaa2')?.path).toBe('b.json');
  expect(holds.find('replica', 'aaaaaaa3')?.path).toBe('c.json');
  expect(holds.find('video', 'aaaaaaa3')).toBeUndefined();
  expect(holds.find('video', 'aaaaaaa4')).toEqual({ reason: 'r', path: 'd.ndjson' });
});

test.each([
  ['2026-05-01', '2026-05-01T23:59:59.999Z', '2026-05-02T00:00:00.000Z'],
  [' 2024-02-29 ', '2024-02-29T23:59:59.999Z', '2024-03-01T00:00:00Z'],
  ['2026-05-01T12:00:00Z', '2026-05-01T12:00:00.000Z', '2026-05-01T12:00:00.001Z'],
  ['2026-05-01t12:00:00.5z', '2026-05-01T12:00:00.500Z', '2026-05-01T12:00:00.501Z'],
  ['2026-05-01T12:00:00+02:00', '2026-05-01T10:00:00.000Z', '2026-05-01T10:00:00.001Z'],
])('until %s holds at %s and no longer at %s', async (until, last, first) => {
  using folder = new ManifestFolder();
  let now = at(last);
  const holds = await holdsOf(folder, { 'h.csv': `id,until\nabcd1234,${until}\n` }, () => now);
  expect(holds.find('video', 'abcd1234')).toBeDefined();
  now = at(first);
  expect(holds.find('video', 'abcd1234')).toBeUndefined();
});

test('of several holds on one ID the one that still holds counts', async () => {
  using folder = new ManifestFolder();
  const holds = await holdsOf(folder, {
    'a.csv': 'id,until,reason\nabcd1234,2026-12-31,long\nabcd1234,2020-01-01,short\n',
    'b.csv': 'id,until,reason\nabcd1234,2020-01-01,other\n',
  });
  expect(holds.find('video', 'abcd1234')).toEqual({ reason: 'long', path: 'a.csv' });
});

test('holds that have expired are counted at the moment of asking, and a plan says how many', async () => {
  using folder = new ManifestFolder();
  let now = at('2026-05-01T12:00:00Z');
  const lines = ['id,until', 'abcd1234,2020-01-01', 'abcd1234,2026-05-01', 'abcd1235,'];
  const holds = await holdsOf(folder, { 'h.csv': lines.join('\n') }, () => now);
  expect(holds.summaries()).toMatchObject([{ entries: 3, expired: 1 }]);
  now = at('2026-05-02T00:00:00Z');
  expect(holds.summaries()).toMatchObject([{ entries: 3, expired: 2 }]);

  folder.write('a.csv', 'id,kind\n8a4f94e736,video\n');
  folder.write('past.csv', 'id,until\n8a4f94e736,2020-01-01\n');
  folder.write('good.csv', 'id\n8a4f94e737\n');
  const [manifest = '', past = '', good = ''] = ['a.csv', 'past.csv', 'good.csv'].map((name) =>
    join(folder.path, name),
  );
  const { header } = await planPurge({ manifests: [manifest], holds: [past, good], stateDir: folder.path });
  expect(header).toMatchObject({ planned: 1, holds: [{ expired: 1 }, { expired: 0 }] });
  expect(header.warnings).toEqual([expect.stringMatching(/past\.csv: 1 of 1 holds expired/)]);
});

test.each([
  ['id\nab\n', 'h.csv:2:1: "ab" is not an ID'],
  ['id\n../x\n', 'h.csv:2:1: "../x" is not an ID'],
  ['id,kind\nabcd1234,Video\n', 'h.csv:2:10: "Video" is no kind'],
  ['id,until\nabcd1234,tomorrow\n', 'h.csv:2:10: "tomorrow" is no day and no time'],
  ['id,until\nabcd1234,2026-02-30\n', 'h.csv:2:10: "2026-02-30" is no day'],
  ['id,until\nabcd1234,2026-05-01T12:00:00\n', '"2026-05-01T12:00:00" is no day and no time'],
  ['id,until\nabcd1234,2026-05-01T24:00:00Z\n', 'is no day and no time'],
  ['id,until\nabcd1234,2026-02-30T12:00:00Z\n', 'is no day and no time'],
  ['id,until\nabcd1234\n', 'h.csv:2:1: "abcd1234" has 1 field; the header has 2'],
  ['id,mode\nabcd1234,soft\n', 'h.csv:1:4: "mode" is an unknown column; expected id, kind, until'],
  ['reason\nx\n', 'h.csv:1:1: has no column of IDs'],
  ['', 'h.csv: is empty, which is taken for a broken hold file'],
  ['\n \n', 'h.csv: is empty'],
])('a hold file with %j is refused: %s', async (content, message) => {
  using folder = new ManifestFolder();
  const error = await usageError(holdsOf(folder, { 'h.csv': content }));
  expect(error.message).toContain(message);
});

test.each(['id,owner\n', 'video_id,replica_id\n', 'reason\n'])(
  'the advice for a hold file with the header %j names no option that does not apply to it',
  async (content) => {
    using folder = new ManifestFolder();
    const error = await usageError(holdsOf(folder, { 'h.csv': content }));
    expect(error.next).toMatch(/\S/);
    expect(error.next).not.toMatch(/--(?:map|ignore-columns)/);
  },
);

test.each([
  ['', '--hold: is no hold file'],
  ['-', '-: is no hold file'],
])('the name "%s" is no hold file, which must be one that can be read again', async (path, message) => {
  const error = await usageError(openHolds([path], { now: () => 0 }));
  expect(error.message).toBe(message);
});

test('a hold file with a header and no rows holds nothing', async () => {
  using folder = new ManifestFolder();
  const holds = await holdsOf(folder, { 'h.csv': 'id\n', 'h.json': '[]' });
  expect(holds.find('video', 'abcd1234')).toBeUndefined();
  expect(holds.summaries()).toMatchObject([{ entries: 0 }, { entries: 0 }]);
});

test('all wrong rows are listed, 20 of them, and the rest is counted', async () => {
  using folder = new ManifestFolder();
  const error = await usageError(holdsOf(folder, { 'h.csv': `id\n${'x\n'.repeat(30)}` }));
  expect([error.message, ...error.details]).toHaveLength(21);
  expect(error.details.at(-1)).toBe('and 10 more');
});

test.each([
  ['nope.csv', 'nope.csv: cannot be opened'],
  ['.', '.: is not a regular file'],
  ['-', '-: is no hold file'],
])('%s as a hold file is refused', async (path, message) => {
  using folder = new ManifestFolder();
  const error = await usageError(openHolds([path], { now: Date.now, cwd: folder.path }));
  expect(error.message).toContain(message);
});

test('refresh takes up what changed, in every file, and reads nothing that did not', async () => {
  using folder = new ManifestFolder();
  const holds = await holdsOf(folder, { 'a.csv': 'id\naaaaaaa1\n', 'b.csv': 'id\nbbbbbbb1\n' });
  const before = holds.summaries();
  await holds.refresh();
  // Still the very same values: the files were not read again.
  expect(holds.summaries()).toEqual(before);
  folder.write('b.csv', 'id\nbbbbbbb1\nbbbbbbb2\n');
  await Promise.all([holds.refresh(), holds.refresh()]);
  expect(holds.find('video', 'aaaaaaa1')).toBeDefined();
  expect(holds.find('video', 'bbbbbbb2')).toBeDefined();
  expect(holds.summaries()[1]?.sha256).not.toBe(before[1]?.sha256);
});

test('a change that keeps size and time of a hold file is noticed as well', async () => {
  using folder = new ManifestFolder();
  const holds = await holdsOf(folder, { 'a.csv': 'id\naaaaaaa1\n' });
  const file = join(folder.path, 'a.csv');
  const { atime, mtime } = statSync(file);
  folder.write('a.csv', 'id\naaaaaaa2\n');
  utimesSync(file, atime, mtime);
  await holds.refresh();
  expect(holds.find('video', 'aaaaaaa2')).toBeDefined();
});

test.each([
  ['is malformed', 'id\nx\n'],
  ['is empty', ''],
  ['is gone', undefined],
])('a refresh that finds a file that %s throws and keeps the old holds of all files', async (_, content) => {
  using folder = new ManifestFolder();
  const holds = await holdsOf(folder, { 'a.csv': 'id\naaaaaaa1\n', 'b.csv': 'id\nbbbbbbb1\n' });
  folder.write('a.csv', 'id\naaaaaaa2\n');
  if (content === undefined) rmSync(join(folder.path, 'b.csv'));
  else folder.write('b.csv', content);
  await usageError(holds.refresh());
  expect(holds.find('video', 'aaaaaaa1')).toBeDefined();
  expect(holds.find('video', 'bbbbbbb1')).toBeDefined();
  expect(holds.find('video', 'aaaaaaa2')).toBeUndefined();
  folder.write('b.csv', 'id\nbbbbbbb3\n');
  await holds.refresh();
  expect(holds.find('video', 'aaaaaaa2')).toBeDefined();
});
