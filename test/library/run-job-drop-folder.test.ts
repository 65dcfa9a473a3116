import { appendFile, mkdir, readdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readJob } from '../../src/index.ts';
import { manifestState, moveManifest } from '../../src/job/move-manifest.ts';
import { ids, newJobFolder, whenever } from '../helpers/job-folder.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

describe('a drop folder', () => {
  test('files away each manifest with the results of its own IDs, duplicates of others included', async () => {
    const at = await newJobFolder();
    const [one = '', two = '', three = ''] = ids(3);
    await at.drop('a.csv', [one, two]);
    await at.drop('b.csv', [two, three]);
    expect((await at.run()).end.exitCode).toBe(0);
    expect(await at.names()).toEqual([
      'done/a.csv',
      'done/a.csv.results.csv',
      'done/b.csv',
      'done/b.csv.results.csv',
    ]);
    const results = (await at.read('drop/done/b.csv.results.csv')).trimEnd().split('\n');
    expect(results.slice(1).map((line) => line.split(',').slice(1, 4))).toEqual([
      [two, 'soft', 'deleted'],
      [three, 'soft', 'deleted'],
    ]);
  });

  test('carries out the good manifests when others are wrong, and does not end with 0', async () => {
    const at = await newJobFolder();
    await at.drop('a.csv', ids(2));
    await at.drop('broken.csv', 'id,kind\nnot an id,video\n');
    await at.drop('empty-header.csv', 'name\nx\n');
    const { end, remarks } = await at.run();
    expect(end).toMatchObject({ exitCode: 3, exitName: 'partial', requests: { '2xx': 2 } });
    expect(end.why).toBe('2 manifests were refused and moved to rejected/; besides: 2 deleted.');
    expect(remarks).toHaveLength(2);
    expect(await at.names()).toEqual([
      'done/a.csv',
      'done/a.csv.results.csv',
      'rejected/broken.csv',
      'rejected/broken.csv.reasons.txt',
      'rejected/empty-header.csv',
      'rejected/empty-header.csv.reasons.txt',
    ]);
    expect(await at.read('drop/rejected/broken.csv.reasons.txt')).toContain('broken.csv:2:1: "not an id"');
    expect((await at.run()).end.exitCode).toBe(0);
  });

  test('ends with 2 when all manifests are wrong: nothing was sent', async () => {
    const at = await newJobFolder();
    await at.drop('broken.csv', 'id,kind\nnot an id,video\n');
    expect((await at.run()).end).toMatchObject({ exitCode: 2, runs: [] });
    expect(at.asked()).toEqual([]);
  });

  test('rejects the later of two manifests that contradict each other', async () => {
    const at = await newJobFolder();
    const [one = '', two = ''] = ids(2);
    await at.job('limits: { deletions: 9, hardDeletions: 9 }', 'processed: move');
    await at.drop('a.csv', `id,kind,mode\n${one},video,soft\n`);
    await at.drop('b.csv', `id,kind,mode\n${one},video,hard\n`);
    await at.drop('c.csv', [two]);
    expect((await at.run()).end.exitCode).toBe(3);
    expect(at.asked()).toEqual([one, two]);
    expect(at.sandbox.state().perId[one]?.queries).toEqual(['']);
    expect((await at.names()).filter((name) => !name.includes('.results'))).toEqual([
      'done/a.csv',
      'done/c.csv',
      'rejected/b.csv',
      'rejected/b.csv.reasons.txt',
    ]);
    expect(await at.read('drop/rejected/b.csv.reasons.txt')).toContain('a.csv:2');
  });

  test('blames no manifest for a hold file that cannot be read', async () => {
    const at = await newJobFolder();
    await at.job('limits: { deletions: 9 }', 'processed: move', 'holds: nowhere.csv');
    await at.drop('a.csv', ids(1));
    expect((await at.run()).end).toMatchObject({ exitCode: 2, why: expect.stringContaining('nowhere.csv') });
    expect(await at.names()).toEqual(['a.csv']);
  });

  test('keeps a manifest until every ID in it is deleted, and tries again', async () => {
    const [one = '', two = '', three = ''] = ids(3);
    const at = await newJobFolder({ script: { [two]: ['403'] } });
    await at.drop('a.csv', [one, two]);
    await at.drop('b.csv', [three]);
    const { end, remarks } = await at.run();
    expect(end).toMatchObject({ exitCode: 3, backlog: { manifests: 1, entries: 1 } });
    expect(remarks).toEqual(['a.csv stays: 1 entry of 2 not deleted; it is tried again.']);
    expect(await at.names()).toEqual(['a.csv', 'done/b.csv', 'done/b.csv.results.csv']);
    expect((await at.run()).end).toMatchObject({ exitCode: 0, backlog: { manifests: 0 } });
    expect(await at.names()).toContain('done/a.csv');
    expect(await at.read('drop/done/a.csv.results.csv')).toContain('deleted_before: soft-deleted by run');
    expect(at.sandbox.state().perId[one]?.deletes).toBe(1);
  });

  test('files away IDs that the API does not know only where the job file says that this is fine', async () => {
    const at = await newJobFolder({ acceptAnyId: false });
    await at.drop('a.csv', ids(1));
    expect((await at.run()).end.exitCode).toBe(3);
    expect(await at.names()).toEqual(['a.csv']);
    await at.job('limits: { deletions: 9 }', 'processed: move', 'notFound: ok');
    expect((await at.run()).end).toMatchObject({ exitCode: 0, backlog: { entries: 0 } });
    expect(await at.names()).toEqual(['done/a.csv', 'done/a.csv.results.csv']);
  });

  test('never overwrites what was filed away before', async () => {
    const at = await newJobFolder();
    for (const [index, id] of ids(3).entries()) {
      await at.drop('a.csv', [id]);
      await writeFile(join(at.folder, 'drop', 'broken.csv'), `id,kind\n!${index},video\n`);
      await at.run();
    }
    expect((await at.names()).filter((name) => /(?:a|broken)(?:-\d)?\.csv$/.test(name))).toEqual([
      'done/a-2.csv',
      'done/a-3.csv',
      'done/a.csv',
      'rejected/broken-2.csv',
      'rejected/broken-3.csv',
      'rejected/broken.csv',
    ]);
    expect(await at.read('drop/done/a-3.csv')).toContain(ids(3)[2]);
  });

  test('does not file away a manifest that changes while it is carried out', async () => {
    const at = await newJobFolder({ latencyMs: [30, 30] });
    const path = await at.drop('a.csv', ids(3));
    const [later = ''] = ids(1, 50);
    const { end, remarks } = await at.run({
      watch: whenever('started', () => appendFile(path, `${later},video\n`)),
    });
    expect(end).toMatchObject({ exitCode: 0, backlog: { manifests: 1, entries: 1 } });
    expect(remarks).toEqual([expect.stringMatching(/^a.csv stays: it has changed since/)]);
    expect((await at.run()).end.exitCode).toBe(0);
    expect(at.asked().toSorted()).toEqual([...ids(3), later].toSorted());
    expect(await at.names()).toEqual(['done/a.csv', 'done/a.csv.results.csv']);
  });

  test('leaves links where they are, and what was put into done/ by others', async () => {
    const at = await newJobFolder();
    await writeFile(join(at.folder, 'real.csv'), `id,kind\n${ids(1).join('')},video\n`);
    await symlink(join(at.folder, 'real.csv'), join(at.folder, 'drop', 'link.csv'));
    await mkdir(join(at.folder, 'drop', 'done'));
    await writeFile(join(at.folder, 'drop', 'done', 'other.csv'), 'id,kind\nbbbbbbb,video\n');
    const job = { ...(await readJob(at.file)), manifests: [join(at.folder, 'drop/**/*.csv')] };
    const { end, remarks } = await at.run({ job });
    expect([end.exitCode, remarks]).toEqual([0, [expect.stringMatching(/^link.csv stays: it is a link/)]]);
    expect(at.asked()).toEqual(ids(1));
    expect(await at.names()).toEqual(['done/other.csv']);
    const inDone = { ...job, manifests: [join(at.folder, 'drop/done')] };
    expect((await at.run({ job: inDone })).end).toMatchObject({ exitCode: 2 });
  });

  test('that cannot be written ends the job with 8; the next run files away what was carried out', async () => {
    const at = await newJobFolder();
    await at.drop('a.csv', ids(2));
    await writeFile(join(at.folder, 'drop', 'done'), 'a file in the way');
    const { end } = await at.run();
    expect(end).toMatchObject({ exitCode: 8, runs: [{ summary: { counts: { deleted: 2 } } }] });
    await rename(join(at.folder, 'drop', 'done'), join(at.folder, 'in-the-way'));
    expect((await at.run()).end).toMatchObject({ exitCode: 0, runs: [{ continued: true }] });
    expect(at.sandbox.state().requests.total).toBe(2);
    expect(await at.names()).toEqual(['done/a.csv', 'done/a.csv.results.csv']);
    expect(await at.read('drop/done/a.csv.results.csv')).toContain(',deleted,confirmed,200,');
  });
});

describe('a manifest that is moved', () => {
  const companion = { suffix: '.x', write: (append: (text: string) => Promise<void>) => append('x') };

  test('stays when it was exchanged after it was looked at, and nothing lies beside its place', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'a.csv');
    await writeFile(file, 'one');
    const state = (await manifestState(file)) ?? '';
    await writeFile(file, 'another');
    const stays = { stays: 'it has changed meanwhile' };
    expect(await moveManifest(file, state, { folder: 'done', companion })).toEqual(stays);
    const now = (await manifestState(file)) ?? '';
    const whileWriting = {
      suffix: '.x',
      write: () => writeFile(file, 'a third one'),
    };
    expect(await moveManifest(file, now, { folder: 'done', companion: whileWriting })).toEqual(stays);
    expect(await manifestState(join(folder, 'done', 'a.csv'))).toBeNull();
    expect(await manifestState(join(folder, 'done', 'a.csv.x'))).toBeNull();
  });

  test('that cannot be moved leaves nothing beside its place, however often that is tried', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'a.csv');
    await writeFile(file, 'one');
    const state = (await manifestState(file)) ?? '';
    const inTheWay = { suffix: '.x', write: () => mkdir(join(folder, 'done', 'a.csv')) };
    const moved = moveManifest(file, state, { folder: 'done', companion: inTheWay });
    await expect(moved).rejects.toMatchObject({ kind: 'storage' });
    expect(await manifestState(file)).toBe(state);
    expect(await readdir(join(folder, 'done'))).toEqual(['a.csv']);
  });

  test('passes over a name of which only the companion is left', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'a.csv');
    await writeFile(file, 'one');
    await mkdir(join(folder, 'done'));
    await writeFile(join(folder, 'done', 'a.csv.x'), 'left by a crash');
    const state = (await manifestState(file)) ?? '';
    const moved = await moveManifest(file, state, { folder: 'done', companion });
    expect(moved).toEqual({ path: join(folder, 'done', 'a-2.csv') });
  });
});
