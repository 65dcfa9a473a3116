/** What changes between two runs of a job, or while one is at work. */
import { mkdirSync, rmSync } from 'node:fs';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { applyPlan, planPurge } from '../../src/index.ts';
import { clockFrom, ids, newJobFolder, whenever, type JobFolder } from '../helpers/job-folder.ts';

/** A run of a job with these lines that was stopped after its first answer. */
async function interrupted(at: JobFolder, ...lines: readonly string[]): Promise<void> {
  await at.drop('first.csv', ids(20));
  await at.job(...lines, 'concurrency: 1');
  const controller = new AbortController();
  at.sandbox.set({ latencyMs: [20, 20] });
  await at.run({ signal: controller.signal, watch: whenever('outcome', () => controller.abort()) });
  at.sandbox.set({ latencyMs: [0, 0] });
}

describe('what was interrupted', () => {
  test('is not continued once the job file no longer allows it', async () => {
    const at = await newJobFolder();
    await interrupted(at, 'mode: hard', 'limits: { deletions: 20, hardDeletions: 20 }');
    const before = at.asked();
    await at.job('limits: { deletions: 20 }');
    const { end } = await at.run();
    expect(end).toMatchObject({ exitCode: 4, runs: [], next: expect.stringMatching(/^tavus-purge resume /) });
    expect(end.why).toMatch(
      /^The interrupted run .* the plan has 20 hard deletions, .*hardDeletions allows 0/,
    );
    expect(at.asked()).toEqual(before);
    await at.job('mode: hard', 'limits: { deletions: 20, hardDeletions: 20 }');
    expect((await at.run()).end).toMatchObject({ exitCode: 0, runs: [{ continued: true }, {}] });
  });

  test('is filed away all the same when nothing of it is left to delete', async () => {
    const at = await newJobFolder();
    await at.drop('a.csv', ids(2));
    await at.drop('../drop/done', 'a file in the way');
    expect((await at.run()).end.exitCode).toBe(8);
    await at.job('limits: { deletions: 1 }', 'processed: keep');
    expect((await at.run()).end).toMatchObject({ exitCode: 0, runs: [{ continued: true }, {}] });
  });

  test('is no longer cut short by a maxDuration that the job file has no more', async () => {
    const at = await newJobFolder({ latencyMs: [30, 30] });
    await at.job('limits: { deletions: 90 }', 'concurrency: 1', 'maxDuration: 300ms');
    await at.drop('a.csv', ids(40));
    expect((await at.run()).end.exitCode).toBe(5);
    await at.job('limits: { deletions: 90 }', 'concurrency: 1');
    expect((await at.run()).end.exitCode).toBe(0);
  });

  test('is told also when the plan after it is refused, and the exit code does not deny what was sent', async () => {
    const at = await newJobFolder();
    await interrupted(at, 'limits: { deletions: 30 }');
    await at.drop('b.csv', ids(50, 300));
    const { end } = await at.run();
    expect(end).toMatchObject({ exitCode: 3, exitName: 'partial', runs: [{ continued: true }] });
    expect(end.why).toMatch(
      /finished: 20 deleted\. Then: The plan has 50 deletions.* Nothing of it was sent\.$/,
    );
    expect((await at.run()).end).toMatchObject({ exitCode: 4, runs: [] });
  });

  test('is not continued while its results could not be written', async () => {
    const at = await newJobFolder();
    await interrupted(at, 'limits: { deletions: 30 }', 'out: results');
    const before = at.asked();
    await symlink(at.folder, join(at.folder, 'linked'));
    await at.job('limits: { deletions: 30 }', 'out: linked');
    expect((await at.run()).end).toMatchObject({ exitCode: 4, runs: [] });
    expect(at.asked()).toEqual(before);
  });
});

test('what was interrupted by hand is finished as well, the oldest first, before anything new', async () => {
  const at = await newJobFolder({ latencyMs: [20, 20], script: { [ids(1)[0] ?? '']: ['403'] } });
  for (const night of [0, 1]) {
    const controller = new AbortController();
    const plan = await planPurge({
      manifests: [await at.drop('a.csv', ids(10, night * 10))],
      stateDir: at.stateDir,
      baseUrl: at.sandbox.url,
      settings: { concurrency: 1 },
      job: 'nightly',
    });
    const { runId: run, header } = plan;
    const { stateDir } = at;
    const { apiKey } = at.sandbox;
    const { signal } = controller;
    const applied = applyPlan({ stateDir, run, apiKey, confirm: header.planId, signal });
    for await (const event of applied) if (event.type === 'outcome') controller.abort();
    // Runs of the same second have no order.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  at.sandbox.set({ latencyMs: [0, 0] });
  await at.drop('a.csv', ids(2, 50));
  const { end } = await at.run();
  expect(end.runs.map(({ continued, summary }) => [continued, summary.planned])).toEqual([
    [true, 10],
    [true, 10],
    [false, 2],
  ]);
  const runIds = end.runs.map(({ summary }) => summary.runId);
  expect(runIds).toEqual(runIds.toSorted());
  expect(at.asked().slice(-2)).toEqual(ids(2, 50));
  expect(end).toMatchObject({
    exitCode: 3,
    why: 'Not all of 10 planned deletions ended well: 1 rejected.',
  });
});

describe('between its plan and its first request', () => {
  test('a signal ends the job, and nothing is sent', async () => {
    const at = await newJobFolder();
    await at.drop('a.csv', ids(2));
    const controller = new AbortController();
    const { end } = await at.run({
      signal: controller.signal,
      watch: { onPlan: () => controller.abort() },
    });
    expect(end).toMatchObject({
      exitCode: 5,
      why: 'Interrupted before the first request; nothing was sent.',
      next: `tavus-purge job run ${at.file}`,
    });
    expect(at.asked()).toEqual([]);
    expect((await at.run()).end).toMatchObject({ exitCode: 0, runs: [{ continued: false }] });
  });

  test('a hold file that is taken away ends the job, and nothing is sent', async () => {
    const at = await newJobFolder();
    const holds = join(at.folder, 'holds.csv');
    await writeFile(holds, `id\n${ids(1, 1).join('')}\n`);
    await at.job('limits: { deletions: 5 }', 'holds: holds.csv');
    await at.drop('a.csv', ids(2));
    const { end } = await at.run({ watch: { onPlan: () => rmSync(holds) } });
    expect(end).toMatchObject({ exitCode: 2, runs: [], why: expect.stringContaining('holds.csv') });
    expect(at.asked()).toEqual([]);
  });
});

describe('a manifest', () => {
  test('that somebody takes away while it is carried out is no trouble', async () => {
    const at = await newJobFolder({ latencyMs: [100, 100] });
    const path = await at.drop('a.csv', ids(3));
    const { end, remarks } = await at.run({ watch: whenever('started', () => rm(path)) });
    expect([end.exitCode, remarks]).toEqual([0, []]);
    expect(await at.names()).toEqual([]);
  });

  test('that becomes unreadable while it is carried out stays, and is told to have changed', async () => {
    const at = await newJobFolder({ latencyMs: [100, 100] });
    const path = await at.drop('a.csv', ids(3));
    const { end, remarks } = await at.run({
      watch: whenever('started', () => writeFile(path, 'no columns of ours\n')),
    });
    expect([end.exitCode, remarks]).toEqual([0, [expect.stringMatching(/^a.csv stays: it has changed/)]]);
    expect((await at.run()).end.why).toMatch(/^1 manifest was refused and moved to rejected/);
  });

  test('of any size has all its results beside it in done/', async () => {
    const at = await newJobFolder();
    const reason = 'r'.repeat(4_000);
    await at.drop(
      'a.csv',
      `id,kind,reason\n${ids(90)
        .map((id) => `${id},video,${reason}\n`)
        .join('')}`,
    );
    expect((await at.run()).end.exitCode).toBe(0);
    const results = (await at.read('drop/done/a.csv.results.csv')).trimEnd().split('\n').slice(1);
    expect(results.map((line) => line.split(',')[1])).toEqual(ids(90));
    expect(results.every((line) => line.includes(reason))).toBe(true);
  });
});

test('results that cannot be written end the job with 8 and name both ways to them; its next run writes them', async () => {
  const at = await newJobFolder({ latencyMs: [100, 100] });
  await at.drop('a.csv', ids(2));
  let run = '';
  const { end } = await at.run({
    watch: {
      onPlan: ({ folder }) => {
        run = folder;
      },
      ...whenever('started', () => mkdirSync(join(run, 'results.csv'))),
    },
  });
  expect(end).toMatchObject({ exitCode: 8, runs: [{ summary: { counts: { deleted: 2 } } }] });
  expect(end.next).toMatch(
    /^tavus-purge job run \S+ writes them, or tavus-purge report \d{8}-\S+ --out <another folder>$/,
  );
  await rm(join(run, 'results.csv'), { recursive: true });
  expect((await at.run()).end).toMatchObject({ exitCode: 0, runs: [{ continued: true }] });
  expect(at.sandbox.state().requests.total).toBe(2);
});

test('what cannot be recorded any more ends the job, and its next run goes on', async () => {
  const at = await newJobFolder();
  await at.drop('a.csv', ids(3));
  const broken = "CREATE TRIGGER broken BEFORE INSERT ON outcome BEGIN SELECT RAISE(ABORT, 'broken'); END";
  let runDb = '';
  const { end } = await at.run({
    watch: {
      onPlan: ({ folder }) => {
        runDb = join(folder, 'run.db');
        using db = new DatabaseSync(runDb);
        db.exec(broken);
      },
    },
  });
  expect(end).toMatchObject({
    exitCode: 8,
    next: `free the disk, then continue with tavus-purge job run ${at.file}; nothing that was sent is lost`,
    runs: [{ continued: false, summary: { complete: false } }],
  });
  {
    using db = new DatabaseSync(runDb);
    db.exec('DROP TRIGGER broken');
  }
  expect((await at.run()).end).toMatchObject({ exitCode: 0, runs: [{ continued: true }] });
});

test('a link in the way of done/ is no refusal when it is found after the requests were sent', async () => {
  const at = await newJobFolder();
  await mkdir(join(at.folder, 'elsewhere'));
  await symlink(join(at.folder, 'elsewhere'), join(at.folder, 'drop', 'done'));
  await at.drop('a.csv', ids(3));
  const { end } = await at.run();
  expect(end).toMatchObject({ exitCode: 8, why: expect.stringMatching(/^The run is recorded, but .* link/) });
});

test('a wrong manifest that stays is not said to have moved', async () => {
  const at = await newJobFolder();
  await symlink('/nowhere', join(at.folder, 'drop', 'a.csv'));
  const { end } = await at.run();
  expect(end).toMatchObject({ exitCode: 2, why: '1 manifest cannot be planned and stayed.' });
});

test('a clock that was set back is refused at every start, not only at the first', async () => {
  const at = await newJobFolder();
  await at.job('limits: { deletions: 30 }', 'window: { hours: 22:00-05:00, timeZone: UTC }');
  expect((await at.run({ clock: clockFrom('2026-11-23T12:00:00Z') })).end.exitCode).toBe(4);
  for (const time of ['23:00', '23:10', '23:20']) {
    const { end } = await at.run({ clock: clockFrom(`2026-11-20T${time}:00Z`) });
    expect(end).toMatchObject({ exitCode: 4, why: expect.stringMatching(/^The clock says/) });
  }
});
