/** What changes between two runs of a job, or while one is at work. */
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
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
