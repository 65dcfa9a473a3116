import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { applyPlan, listRuns, planPurge, previewJob, readJob, type JobResult } from '../../src/index.ts';
import { pruningFolder } from '../../src/store/run-folders.ts';
import { readJobHistory, recordJobRun } from '../../src/store/job-history.ts';
import { jobLock, takeLock, targetLock } from '../../src/store/target-lock.ts';
import { createPrivateFolder } from '../../src/safe-files.ts';
import { keyFingerprint } from '../../src/tavus/target.ts';
import { clockFrom, ids, newJobFolder, whenever, type JobFolder } from '../helpers/job-folder.ts';
import { startReceiver } from '../job/http-receiver.ts';

/** A run of the job that was stopped after its first answers, and how many rows it has left. */
async function interrupted(at: JobFolder, count: number): Promise<JobResult> {
  await at.drop('first.csv', ids(count));
  const controller = new AbortController();
  await at.job('limits: { deletions: 100 }', 'processed: move', 'concurrency: 1');
  at.sandbox.set({ latencyMs: [20, 20] });
  const result = await at.run({
    signal: controller.signal,
    watch: whenever('outcome', () => controller.abort()),
  });
  at.sandbox.set({ latencyMs: [0, 0] });
  return result;
}

describe('a run of a job', () => {
  test('deletes what its manifests name, writes results to out, and says what it did', async () => {
    const at = await newJobFolder();
    await at.job('limits: { deletions: 5 }', 'out: results/{job}-{date}', 'reports: [summary.json]');
    await at.drop('a.csv', ids(3));
    const { end, remarks } = await at.run({ trigger: 'cron', reason: 'OPS-1' });
    expect(end).toMatchObject({
      exitCode: 0,
      exitName: 'ok',
      why: '3 deleted.',
      next: null,
      trigger: 'cron',
    });
    expect(end.requests).toEqual({ '2xx': 3, '3xx': 0, '4xx': 0, '5xx': 0, none: 0 });
    expect(end.runs).toMatchObject([
      { continued: false, summary: { job: 'nightly', trigger: 'cron', reason: 'OPS-1' } },
    ]);
    expect(remarks).toEqual([]);
    const day = end.runs[0]?.summary.startedAt.slice(0, 10) ?? '';
    expect(JSON.parse(await at.read(`results/nightly-${day}/summary.json`))).toMatchObject({ planned: 3 });
    expect(await at.names()).toEqual(['a.csv']);
  });

  test('that ends with rows that are not fine names the results where the job file wants them', async () => {
    const [bad = '', good = ''] = ids(2);
    const at = await newJobFolder({ script: { [bad]: ['403'] } });
    await at.job('limits: { deletions: 5 }', 'out: results');
    await at.drop('a.csv', [bad, good]);
    const results = join(at.folder, 'results', 'results.csv');
    expect((await at.run()).end).toMatchObject({
      exitCode: 3,
      why: 'Not all of 2 planned deletions ended well: 1 rejected.',
      next: `read ${results}; the next run tries again what is still in a manifest`,
    });
    expect(await at.read('results/results.csv')).toContain(`${bad},soft,rejected,`);
  });

  test('that has wrong manifests and rows that are not fine tells of both, and what to read first', async () => {
    const [bad = '', good = ''] = ids(2);
    const at = await newJobFolder({ script: { [bad]: ['403'] } });
    await at.drop('a.csv', [bad, good]);
    await at.drop('b.csv', 'name\nx\n');
    const { end } = await at.run();
    expect(end).toMatchObject({ exitCode: 3, next: expect.stringMatching(/^read .*results\.csv; /) });
    expect(end.why).toBe(
      '1 manifest was refused and moved to rejected/; besides: Not all of 2 planned deletions ended well: 1 rejected.',
    );
  });

  test('counts what waits also in a manifest that is wrong and stays', async () => {
    const at = await newJobFolder();
    await at.job('limits: { deletions: 5 }');
    await at.drop('a.csv', `id,kind\n${ids(1).join('')},video\nnot an id,video\n`);
    const { end } = await at.run();
    expect(end).toMatchObject({ exitCode: 2, backlog: { manifests: 1, entries: 2 } });
    expect(await at.names()).toEqual(['a.csv']);
  });

  test('reads a list of nothing but IDs as the kind that the job file says', async () => {
    const at = await newJobFolder();
    await at.job('limits: { deletions: 5 }', 'kind: replica');
    await at.drop('a.csv', 'id\nrb0000000001\n');
    expect((await at.run()).end.exitCode).toBe(0);
    expect(at.sandbox.requests().map(({ path }) => path)).toEqual(['/v2/replicas/rb0000000001']);
  });

  test('with nothing to delete is fine, or exit 2 where the job file says so', async () => {
    const at = await newJobFolder();
    expect((await at.run()).end).toMatchObject({
      exitCode: 0,
      why: 'There was nothing to delete.',
      runs: [],
    });
    await at.job('limits: { deletions: 5 }', 'onEmpty: fail');
    expect((await at.run()).end).toMatchObject({ exitCode: 2, exitName: 'usage' });
    await at.drop('a.csv', ids(2));
    expect((await at.run()).end.exitCode).toBe(0);
    expect((await at.run()).end).toMatchObject({
      exitCode: 2,
      why: expect.stringContaining('nothing to delete'),
    });
  });

  test('does not take a folder that is not there for a quiet night', async () => {
    const at = await newJobFolder();
    await rm(join(at.folder, 'drop'), { recursive: true });
    expect((await at.run()).end).toMatchObject({ exitCode: 2, why: expect.stringContaining('drop') });
    await at.job('limits: { deletions: 5 }', 'processed: move');
    const job = { ...(await readJob(at.file)), manifests: [join(at.folder, 'mount/*.csv')] };
    expect((await at.run({ job })).end.exitCode).toBe(2);
    await mkdir(join(at.folder, 'mount'));
    expect((await at.run({ job })).end.exitCode).toBe(0);
  });

  test('outside its window sends nothing and says when it opens', async () => {
    const at = await newJobFolder();
    await at.job('limits: { deletions: 5 }', 'window: { hours: 22:00-05:00, timeZone: Europe/Berlin }');
    await at.drop('a.csv', ids(2));
    const { end } = await at.run({ clock: clockFrom('2026-11-23T12:00:00Z') });
    expect(end).toMatchObject({ exitCode: 4, exitName: 'refused', backlog: { manifests: 1, entries: 2 } });
    expect(end.why).toContain('opens mon 2026-11-23 22:00');
    expect(at.asked()).toEqual([]);
    expect((await at.run({ clock: clockFrom('2026-11-23T22:00:00Z') })).end.exitCode).toBe(0);
  });

  test('ends what is under way when its window closes, and the next night goes on', async () => {
    const at = await newJobFolder();
    const job = [
      'limits: { deletions: 90 }',
      'concurrency: 1',
      'window: { hours: 22:00-05:00, timeZone: UTC }',
    ];
    await at.job(...job);
    await at.drop('a.csv', ids(60));
    at.sandbox.set({ latencyMs: [50, 50] });
    const first = await at.run({ clock: clockFrom('2026-11-23T04:59:58.700Z') });
    expect(first.end).toMatchObject({ exitCode: 5, exitName: 'interrupted' });
    expect(first.end.why).toMatch(/^The window .* has closed; \d+ of 60 planned deletions are left/);
    expect(first.end.next).toContain('tavus-purge job run');
    at.sandbox.set({ latencyMs: [0, 0] });
    const second = await at.run({ clock: clockFrom('2026-11-24T01:00:00Z') });
    expect(second.end).toMatchObject({ exitCode: 0, runs: [{ continued: true }, { continued: false }] });
    expect(Object.values(at.sandbox.state().perId).every(({ deletes }) => deletes === 1)).toBe(true);
  });

  test('stops after maxDuration and says so', async () => {
    const at = await newJobFolder({ latencyMs: [50, 50] });
    await at.job('limits: { deletions: 90 }', 'concurrency: 1', 'maxDuration: 1s');
    await at.drop('a.csv', ids(60));
    expect((await at.run()).end.why).toMatch(/^The maxDuration of 1s is over; \d+ of 60/);
  });

  test('refuses a plan over a limit of the job file, in the words of the job file, and keeps it to be looked at', async () => {
    const at = await newJobFolder();
    await at.job('limits: { deletions: 3 }');
    await at.drop('a.csv', ids(4));
    const { end } = await at.run();
    expect(end).toMatchObject({ exitCode: 4, backlog: { entries: 4 } });
    expect(end.why).toContain('limits.deletions allows 3');
    expect(end.next).toMatch(/^tavus-purge runs show \d{8}-/);
    await at.drop('a.csv', 'id,kind,mode\nabc1234567,video,hard\n');
    expect((await at.run()).end.why).toContain('limits.hardDeletions allows 0');
    expect(at.asked()).toEqual([]);
    expect((await listRuns({ stateDir: at.stateDir })).map(({ state }) => state)).toEqual([
      'refused',
      'refused',
    ]);
  });

  test('refuses a plan that is far larger than those before it', async () => {
    const at = await newJobFolder();
    for (let night = 0; night < 5; night++) {
      await at.drop('a.csv', ids(4, night * 4));
      expect((await at.run()).end.exitCode).toBe(0);
    }
    await at.drop('a.csv', ids(31, 100));
    const { end } = await at.run();
    expect(end).toMatchObject({ exitCode: 4, why: expect.stringContaining('limits.growth') });
    expect(at.asked()).toHaveLength(20);
    await at.drop('a.csv', ids(30, 100));
    expect((await at.run()).end.exitCode).toBe(0);
  });

  test('does not start by a clock that is over a day behind its last run; another job does', async () => {
    const at = await newJobFolder();
    await at.run({ clock: clockFrom('2030-01-01T00:00:00Z') });
    const { end } = await at.run({ clock: clockFrom('2026-11-23T12:00:00Z') });
    expect(end).toMatchObject({ exitCode: 4, next: expect.stringContaining('another name') });
    const job = { ...(await readJob(at.file)), name: 'nightly-2' };
    expect((await at.run({ job, clock: clockFrom('2026-11-23T12:00:00Z') })).end.exitCode).toBe(0);
    expect((await at.run({ clock: clockFrom('2029-12-31T12:00:00Z') })).end.exitCode).toBe(0);
  });

  test('while another one is at work ends at once, and tells nobody', async () => {
    const at = await newJobFolder();
    const receiver = await startReceiver();
    await at.job('limits: { deletions: 3 }', `notify: { ping: "${receiver.origin}/c" }`, 'metrics: m.prom');
    await createPrivateFolder(at.stateDir);
    using _ = takeLock(jobLock(at.stateDir, 'nightly'), { runId: 'started by cron', since: 'now' });
    await expect(at.run()).rejects.toMatchObject({
      exitCode: 7,
      message: expect.stringContaining('started by cron'),
    });
    expect(receiver.requests).toEqual([]);
    expect(readJobHistory(at.stateDir, 'nightly').lastStartAt).toBeNull();
  });

  test('while another job or a person deletes at the same target sends nothing, and that is told quickly', async () => {
    const at = await newJobFolder();
    // Never answers.
    const receiver = await startReceiver(() => null);
    await at.job('limits: { deletions: 3 }', `notify: { ping: "${receiver.origin}/c" }`);
    await at.drop('a.csv', ids(2));
    await createPrivateFolder(at.stateDir);
    const target = { baseUrl: at.sandbox.url, keyFingerprint: keyFingerprint(at.sandbox.apiKey) };
    using _ = takeLock(targetLock(at.stateDir, target), { runId: 'x', since: 'now' });
    const started = performance.now();
    const { end, notificationFailures } = await at.run();
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(end).toMatchObject({ exitCode: 7, exitName: 'locked', backlog: { entries: 2 } });
    expect(notificationFailures).toMatchObject([{ channel: 'ping', event: 'fail' }]);
    expect(receiver.requests.map(({ path }) => path)).toEqual(['/c/fail']);
    expect(await listRuns({ stateDir: at.stateDir })).toEqual([]);
  });

  test('removes its old run folders, and only its own', async () => {
    const at = await newJobFolder();
    await at.drop('by-hand.csv', ids(1, 900));
    const byHand = await planPurge({
      manifests: [join(at.folder, 'drop/by-hand.csv')],
      stateDir: at.stateDir,
      baseUrl: at.sandbox.url,
    });
    await applyPlan({
      stateDir: at.stateDir,
      run: byHand.runId,
      apiKey: at.sandbox.apiKey,
      confirm: byHand.header.planId,
    }).finished;
    await at.job('limits: { deletions: 5 }', 'keep: { runs: 1 }');
    for (let night = 0; night < 3; night++) {
      await at.drop('a.csv', ids(1, night));
      await at.run();
    }
    const runs = await listRuns({ stateDir: at.stateDir });
    // Runs of the same second have no order.
    expect(runs.map(({ header }) => header.job ?? 'by hand').toSorted()).toEqual(['by hand', 'nightly']);
  });
});

describe('what was interrupted', () => {
  test('is finished first as it was planned, also when the manifest has changed; that is said', async () => {
    const at = await newJobFolder();
    const first = await interrupted(at, 20);
    expect(first.end).toMatchObject({ exitCode: 5, next: expect.stringContaining('job run') });
    const [gone = ''] = ids(20).filter((id) => !at.asked().includes(id));
    await at.drop('first.csv', [...ids(20).filter((id) => id !== gone), 'c000000001']);
    const { end, remarks } = await at.run();
    expect(end).toMatchObject({ exitCode: 0, runs: [{ continued: true }, { continued: false }] });
    expect(remarks[0]).toMatch(/was interrupted and is finished first, as it was planned/);
    expect(remarks[1]).toMatch(/^first.csv stays: it has changed since it was planned/);
    expect(at.asked().toSorted()).toEqual([...ids(20), 'c000000001'].toSorted());
    expect(await at.names()).toEqual(['done/first.csv', 'done/first.csv.results.csv']);
  });

  test('honours a hold that the job file names since', async () => {
    const at = await newJobFolder();
    await interrupted(at, 20);
    const held = ids(20).filter((id) => !at.asked().includes(id));
    await writeFile(join(at.folder, 'holds.csv'), `id\n${held.join('\n')}\n`);
    await at.job('limits: { deletions: 100 }', 'processed: move', 'holds: holds.csv');
    const { end } = await at.run();
    expect(end.runs[0]?.summary.counts.held).toBe(held.length);
    expect(held.some((id) => at.asked().includes(id))).toBe(false);
    // A hold that is lifted must find what it held back.
    expect(await at.names()).toEqual(['first.csv']);
    expect(end.backlog.entries).toBe(0);
  });

  test('ends the job when it cannot be finished, and nothing new is planned', async () => {
    const at = await newJobFolder();
    await interrupted(at, 20);
    at.sandbox.set({ revokeKeyAfter: 0 });
    await at.drop('second.csv', ids(3, 500));
    const { end } = await at.run();
    expect(end).toMatchObject({ exitCode: 6, exitName: 'stopped', runs: [{ continued: true }] });
    expect(end.backlog.manifests).toBe(2);
    expect(await listRuns({ stateDir: at.stateDir })).toHaveLength(1);
  });

  test('is not continued at another API than it was planned for', async () => {
    const at = await newJobFolder();
    await interrupted(at, 20);
    const job = { ...(await readJob(at.file)), baseUrl: 'http://127.0.0.1:9' };
    expect((await at.run({ job })).end).toMatchObject({
      exitCode: 4,
      why: expect.stringContaining('The plan is for'),
    });
  });
});

describe('metrics and history', () => {
  test('keep the last success through a failure, and count what waits', async () => {
    const at = await newJobFolder();
    const job = ['limits: { deletions: 3 }', 'processed: move', 'metrics: nightly.prom'];
    await at.job(...job);
    await at.drop('a.csv', ids(1));
    const { end } = await at.run();
    await at.drop('b.csv', ids(9, 10));
    expect((await at.run()).end.exitCode).toBe(4);
    const text = await at.read('nightly.prom');
    expect(text).toContain(`last_success_timestamp_seconds{job_name="nightly"} ${end.finishedAt / 1_000}`);
    expect(text).toContain('last_exit_code{job_name="nightly"} 4');
    expect(text).toContain('backlog_entries{job_name="nightly"} 9');
    expect(readJobHistory(at.stateDir, 'nightly')).toMatchObject({ lastExitCode: 4, planned: [1] });
  });

  test('that cannot be written change nothing about the end', async () => {
    const at = await newJobFolder();
    await at.job('limits: { deletions: 3 }', 'metrics: nowhere/nightly.prom');
    const { end, remarks } = await at.run();
    expect(end.exitCode).toBe(0);
    expect(remarks).toEqual([expect.stringMatching(/^The metrics were not written/)]);
  });

  test('a history that cannot be used stops the job before anything is sent', async () => {
    const at = await newJobFolder();
    await at.drop('a.csv', ids(1));
    await createPrivateFolder(at.stateDir);
    await writeFile(join(at.stateDir, 'ledger.db'), 'this is no ledger');
    await at.job('limits: { deletions: 3 }', 'metrics: nightly.prom');
    const { end, remarks } = await at.run();
    expect(end).toMatchObject({ exitCode: 8, exitName: 'storage' });
    expect(at.asked()).toEqual([]);
    // They would say that there never was a success.
    expect(remarks).toEqual(['The metrics were not written: the history of the job could not be read.']);
    await expect(at.read('nightly.prom')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('an earlier start that was killed does not count as a success or a failure', async () => {
    const at = await newJobFolder();
    await createPrivateFolder(at.stateDir);
    recordJobRun(at.stateDir, { job: 'nightly', startedAt: 5, endedAt: null, exitCode: null, runs: [] });
    expect((await at.run()).end.exitCode).toBe(0);
  });
});

test('a bug, and an API that the job file contradicts, are told like any other end', async () => {
  const at = await newJobFolder();
  const receiver = await startReceiver();
  await at.job('limits: { deletions: 3 }', `notify: { ping: "${receiver.origin}/c" }`);
  const { end, bug } = await at.run({
    findKey: () => {
      throw new TypeError('a bug');
    },
  });
  expect([end.exitCode, end.exitName, bug]).toEqual([1, 'bug', expect.any(TypeError)]);
  expect((await at.run({ baseUrl: 'https://tavusapi.com' })).end).toMatchObject({ exitCode: 2 });
  expect(receiver.requests.map(({ path }) => path)).toEqual(['/c/fail', '/c/fail']);
});

test('a second signal gives up a notification that nobody takes', async () => {
  const at = await newJobFolder();
  // Never answers.
  const receiver = await startReceiver(() => null);
  await at.job('limits: { deletions: 3 }', `notify: { ping: "${receiver.origin}/c" }`);
  const started = performance.now();
  const { end, notificationFailures } = await at.run({ forceSignal: AbortSignal.timeout(300) });
  expect(performance.now() - started).toBeLessThan(8_000);
  expect(end.exitCode).toBe(0);
  expect(notificationFailures.map(({ event }) => event)).toEqual(['start', 'success']);
});

test('old runs that cannot be removed are told, and change nothing about the end', async () => {
  const at = await newJobFolder();
  await at.job('limits: { deletions: 5 }', 'keep: { runs: 1 }');
  await at.drop('a.csv', ids(1));
  const first = await at.run();
  const runId = first.end.runs[0]?.summary.runId ?? '';
  // What is no folder is nothing that a removal left behind.
  await writeFile(pruningFolder(at.stateDir, runId), 'in the way');
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await at.drop('a.csv', ids(1, 1));
  const { end, remarks } = await at.run();
  expect(end.exitCode).toBe(0);
  expect(remarks).toEqual([
    expect.stringMatching(`^The old run ${runId} could not be removed: cannot remove`),
  ]);
  expect(await listRuns({ stateDir: at.stateDir })).toHaveLength(2);
});

test('a preview of a job without manifests says that what was interrupted would be finished', async () => {
  const at = await newJobFolder();
  await interrupted(at, 20);
  await rm(join(at.folder, 'drop', 'first.csv'));
  const { signal } = new AbortController();
  const options = { job: await readJob(at.file), stateDir: at.stateDir, findKey: () => 'never asked' };
  const preview = await previewJob({ ...options, signal });
  expect(preview).toMatchObject({ isAtWork: false, plan: null, growth: null, refusals: [], bad: [] });
  expect(preview.interrupted).toHaveLength(1);
});

test('a preview says what a run would do and refuse, moves nothing and leaves no plan behind', async () => {
  const at = await newJobFolder();
  await interrupted(at, 20);
  await at.drop('broken.csv', 'id,kind\n!,video\n');
  await at.job(
    'limits: { deletions: 2 }',
    'processed: move',
    'window: { hours: 22:00-05:00, timeZone: UTC }',
  );
  const before = [await at.names(), (await listRuns({ stateDir: at.stateDir })).length];
  const options = { job: await readJob(at.file), stateDir: at.stateDir, findKey: () => 'never asked' };
  // The interrupted run is of today; a clock before it would be refused.
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  const preview = await previewJob({ ...options, clock: clockFrom(`${tomorrow}T12:00:00Z`) });
  expect(preview.interrupted).toHaveLength(1);
  expect(preview.bad).toHaveLength(1);
  expect(preview.plan?.header.planned).toBeGreaterThan(2);
  expect(preview.refusals.map(({ why }) => why)).toEqual([
    expect.stringContaining('outside the window'),
    expect.stringMatching(/^the interrupted run .*: the plan has 20 deletions, limits.deletions allows 2$/),
    expect.stringMatching(/^the plan has \d+ deletions, limits.deletions allows 2$/),
  ]);
  expect([await at.names(), (await listRuns({ stateDir: at.stateDir })).length]).toEqual(before);
});
