import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openJobWorld, readMetrics, type JobWorld, type WorldOptions } from './job-world.ts';
import { videoIds } from './purge-process.ts';

/** A world that ends with its test; the key must be in nothing that was written or shown. */
async function newWorld(options?: WorldOptions): Promise<JobWorld> {
  const world = await openJobWorld(options);
  onTestFinished(async () => {
    try {
      expect(await world.leaks()).toEqual([]);
    } finally {
      await world[Symbol.asyncDispose]();
    }
  });
  return world;
}

test('with --quiet says nothing on success, and one line on trouble', async () => {
  const world = await newWorld();
  await world.manifest('a.csv', videoIds(3));
  const quiet = ['job', 'run', world.file, '--quiet'];
  expect(await world.run(quiet)).toEqual({ code: 0, stdout: '', stderr: '' });
  await writeFile(join(world.drop, 'broken.csv'), 'id,kind\n!,video\n');
  const refused = await world.run(quiet);
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toMatch(
    /^nightly usage: 1 manifest was refused and moved to rejected\/; next: read .+\n$/,
  );
  const noFile = await world.run(['job', 'run', join(world.folder, 'weekly.yaml'), '--quiet']);
  expect(noFile.stderr).toMatch(/^weekly usage: The job file .+ cannot be read; next: .+\n$/);
  await world.sandbox.set({ script: { '*': ['403'] } });
  await world.manifest('c.csv', videoIds(2, 50));
  const partial = await world.run(quiet);
  expect(partial.code).toBe(3);
  expect(partial.stderr).toMatch(
    /^nightly partial: Not all of 2 planned deletions ended well: 2 rejected; next: read .+\n$/,
  );
});

test('without --quiet shows its runs, what it remarks and how it ended; with --json says it all as data', async () => {
  const world = await newWorld();
  await world.manifest('a.csv', videoIds(3));
  await writeFile(join(world.drop, 'broken.csv'), 'id,kind\n!,video\n');
  const shown = await world.run(['job', 'run', world.file, '--trigger', 'manual', '--reason', 'OPS-7']);
  expect(shown.code).toBe(3);
  expect(shown.stdout).toContain('3  deleted');
  expect(shown.stderr).toContain('broken.csv cannot be planned; it is now');
  expect(shown.stderr).toMatch(/\nnightly partial: .+; next: .+\n$/);
  expect(world.told.at(-1)).toMatchObject({ event: 'fail', exitCode: 3, trigger: 'manual' });
  expect(world.pings).toEqual(['/check/start', '/check/fail']);
  await world.manifest('b.csv', videoIds(1, 50));
  const asData = await world.run(['job', 'run', world.file, '--json', '--quiet']);
  expect(JSON.parse(asData.stdout)).toMatchObject({
    job: 'nightly',
    exitCode: 0,
    runs: [{ continued: false, summary: { planned: 1 } }],
    notificationFailures: [],
  });
});

test('a second start ends in a moment with 7, sends nothing and tells nobody', async () => {
  // So slow that the first is still at work when the second has come and gone, also on a busy machine.
  const world = await newWorld({ sandbox: { latencyMs: [9_000, 9_000] } });
  await world.manifest('a.csv', videoIds(4));
  const first = world.start(['job', 'run', world.file, '--quiet', '--trigger', 'cron']);
  await world.untilRequests(2);
  const second = await world.run(['job', 'run', world.file, '--quiet']);
  expect(second).toMatchObject({ code: 7, stdout: '' });
  expect(second.stderr).toMatch(
    /^nightly locked: Another run holds the job nightly: started by cron \(process \d+/,
  );
  expect(world.pings).toEqual(['/check/start']);
  expect((await first.ended).code).toBe(0);
  expect((await world.sandbox.state()).requests.total).toBe(4);
});

test('names the job and not its file, and offers a command that asks the same API', async () => {
  const world = await newWorld();
  const other = join(world.folder, 'other.yaml');
  const drop = JSON.stringify(world.drop);
  const limits = 'limits: { deletions: 20 }\nmaxDuration: 5s\nconcurrency: 1';
  await writeFile(other, `name: swept\nmanifests: ${drop}\n${limits}\nrate: 1/s\n`);
  await world.manifest('a.csv', videoIds(20));
  const words = ['job', 'run', other, '--quiet', '--base-url', world.sandbox.url];
  const first = world.start(words);
  await world.untilRequests(1);
  const second = await world.run(words);
  expect(second).toMatchObject({ code: 7, stderr: expect.stringMatching(/^swept locked: /) });
  const { stderr } = await first.ended;
  expect(stderr).toMatch(/^swept interrupted: .*; next: tavus-purge job run /);
  expect(stderr).toContain(` --base-url ${world.sandbox.url}`);
});

test('a signal ends a run cleanly, and the next start goes on', async () => {
  const world = await newWorld({ sandbox: { latencyMs: [50, 50] } });
  await world.manifest('a.csv', videoIds(60));
  const { child, ended } = world.start(['job', 'run', world.file, '--quiet']);
  await world.untilRequests(2);
  child.kill('SIGTERM');
  const { code, stderr } = await ended;
  expect(code).toBe(5);
  expect(stderr).toMatch(/^nightly interrupted: .+; next: tavus-purge job run .+\n$/);
  await world.sandbox.set({ latencyMs: [0, 0] });
  const next = await world.run(['job', 'run', world.file]);
  expect(next.code).toBe(0);
  expect(next.stderr).toContain('was interrupted and is finished first');
  expect((await world.sandbox.state()).requests.total).toBe(60);
});

test('killed at any moment, the next starts finish it: nothing is lost, deleted twice or filed away too early', async () => {
  const world = await newWorld({
    job: ['processed: move', 'rate: 1000/s', 'out: results/{runId}', 'metrics: m.prom'],
    sandbox: { latencyMs: [15, 15] },
  });
  const all = videoIds(60);
  await world.manifest('a.csv', all.slice(0, 40));
  await world.manifest('b.csv', all.slice(40));
  let kills = 0;
  // From before the plan to after the move of the manifests; the end comes later the more is done.
  for (let delay = 100; delay < 1_200; delay += 100) {
    const { child, ended } = world.start(['job', 'run', world.file, '--quiet']);
    const timer = setTimeout(() => child.kill('SIGKILL'), delay);
    if ((await ended).code === null) kills += 1;
    clearTimeout(timer);
  }
  expect((await world.run(['job', 'run', world.file, '--quiet'])).code).toBe(0);
  expect(kills).toBeGreaterThan(2);
  const { deleted, requests } = await world.sandbox.state();
  expect(deleted.map(({ id }) => id).toSorted()).toEqual(all.toSorted());
  // What was in flight when it was killed is asked for again.
  expect(requests.total).toBeLessThanOrEqual(all.length + 4 * kills);
  expect(await world.names()).toEqual([]);
  const done = await world.names('done');
  expect(done.filter((name) => !name.includes('.results'))).toEqual(['a.csv', 'b.csv']);
  const results = await readFile(join(world.drop, 'done', 'a.csv.results.csv'), 'utf8');
  expect(results.trimEnd().split('\n')).toHaveLength(41);
  expect((await readMetrics(join(world.folder, 'm.prom'))).get('last_exit_code')).toBe(0);
});

test('killed between the last deletion and the move, it files away with the results of that run', async () => {
  const world = await newWorld();
  const path = await world.manifest('a.csv', videoIds(3));
  // The move is held up for as long as somebody else owns the name.
  await writeFile(join(world.drop, 'done'), 'in the way');
  expect((await world.run(['job', 'run', world.file, '--quiet'])).code).toBe(8);
  expect(await readFile(path, 'utf8')).toContain('video');
  await rm(join(world.drop, 'done'));
  expect((await world.run(['job', 'run', world.file, '--quiet'])).code).toBe(0);
  expect((await world.sandbox.state()).requests.total).toBe(3);
  expect(await readFile(join(world.drop, 'done', 'a.csv.results.csv'), 'utf8')).toContain(
    ',deleted,confirmed,',
  );
});

test('check says what a job has and lacks, plan what it would do; neither sends anything', async () => {
  const world = await newWorld({
    job: [
      'processed: move',
      'window: { hours: 22:00-05:00, timeZone: Europe/Berlin }',
      'metrics: metrics/m.prom',
    ],
  });
  const noon = Date.parse('2026-11-23T11:00:00Z');
  await world.manifest('a.csv', videoIds(3));
  const lacking = await world.run(['job', 'check', world.file], noon);
  expect(lacking.code).toBe(2);
  expect(lacking.stdout).toMatch(/metrics +wrong/);
  expect(lacking.stdout).toContain('opens mon 2026-11-23 22:00');
  await mkdir(join(world.folder, 'metrics'));
  expect((await world.run(['job', 'check', world.file, '--json'], noon)).code).toBe(0);
  const plan = await world.run(['job', 'plan', world.file], noon);
  expect(plan.code).toBe(4);
  expect(plan.stdout).toContain('3 deletions');
  expect(plan.stdout).toContain('refused: it is mon 2026-11-23 12:00, outside the window');
  const atNight = await world.run(['job', 'plan', world.file, '--json'], noon + 12 * 3_600_000);
  expect(atNight.code).toBe(0);
  expect(JSON.parse(atNight.stdout)).toMatchObject({ plan: { planned: 3, job: 'nightly' }, refusals: [] });
  expect((await world.run(['runs', 'list', '--json'])).stdout.trim()).toBe('[]');
  expect((await world.sandbox.state()).requests.total).toBe(0);
  expect([...world.pings, ...world.told]).toEqual([]);
});

test('takes its key from the file that it names, and tells that there is none', async () => {
  const world = await newWorld({
    job: ['processed: move', 'apiKeyFile: key'],
    env: { TAVUS_API_KEY: '' },
  });
  await world.manifest('a.csv', videoIds(2));
  const none = await world.run(['job', 'run', world.file, '--quiet']);
  expect(none.code).toBe(2);
  expect(none.stderr).toMatch(/^nightly usage: The API key file .+ cannot be read; next: .+\n$/);
  expect(world.told).toMatchObject([{ exitCode: 2, backlog: { manifests: 1, entries: 2 } }]);
  // Outside the folder that is searched for the key.
  const elsewhere = await mkdtemp(join(tmpdir(), 'tavus-purge-key-'));
  onTestFinished(() => rm(elsewhere, { recursive: true, force: true }));
  const keyFile = join(elsewhere, 'key');
  await writeFile(keyFile, world.canary.key, { mode: 0o600 });
  const text = (await readFile(world.file, 'utf8')).replace('apiKeyFile: key', `apiKeyFile: ${keyFile}`);
  await writeFile(world.file, text);
  expect((await world.run(['job', 'run', world.file, '--quiet'])).code).toBe(0);
  await chmod(keyFile, 0o644);
  expect((await world.run(['job', 'run', world.file, '--quiet'])).code).toBe(2);
});
