import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkJob, PurgeError, readJob, type JobOptions } from '../../src/index.ts';
import { clockFrom, ids, newJobFolder, type JobFolder } from '../helpers/job-folder.ts';

async function checked(
  at: JobFolder,
  changes: Partial<JobOptions> = {},
): Promise<Readonly<Record<string, string>>> {
  const job = await readJob(at.file);
  const options = { job, stateDir: at.stateDir, findKey: () => at.sandbox.apiKey, ...changes };
  const checks = await checkJob(options);
  return Object.fromEntries(
    checks.map(({ what, found, problem }) => [what, `${problem === null ? 'ok' : 'wrong'}: ${found}`]),
  );
}

test('a job that has all it needs is told so, with what was found', async () => {
  const at = await newJobFolder();
  await writeFile(join(at.folder, 'holds.csv'), 'id\nabcdef1234\n');
  await at.job(
    'limits: { deletions: 9, hardDeletions: 2 }',
    'holds: holds.csv',
    'out: results/{date}',
    'metrics: m.prom',
    `notify: { command: ["true"] }`,
    'window: { hours: 22:00-05:00, timeZone: UTC }',
  );
  await at.drop('a.csv', ids(1));
  const found = await checked(at, { clock: clockFrom('2026-11-23T23:00:00Z'), environment: process.env });
  expect(Object.values(found).filter((each) => !each.startsWith('ok'))).toEqual([]);
  expect(found).toMatchObject({
    limits: 'ok: at most 9 deletions, 2 of them hard, growth 3',
    manifests: 'ok: 1 file at the moment',
    holds: 'ok: 1 hold',
    notify: 'ok: command',
    window: 'ok: every day 22:00-05:00 UTC; it is open',
  });
  expect(at.sandbox.state().requests.total).toBe(0);
});

test('everything that is wrong is told, not only the first', async () => {
  const at = await newJobFolder();
  await at.job(
    'limits: { deletions: 9 }',
    'holds: nowhere.csv',
    'out: job.yaml/results',
    'metrics: nowhere/m.prom',
    'notify: { command: [./nowhere.sh] }',
  );
  await at.run({ clock: clockFrom('2030-01-01T00:00:00Z') });
  const found = await checked(at, {
    baseUrl: 'https://tavusapi.com',
    findKey: () => {
      throw new PurgeError('usage', 'There is no API key.');
    },
  });
  const wrong = Object.entries(found).filter(([, each]) => each.startsWith('wrong'));
  expect(wrong.map(([what]) => what)).toEqual([
    'API',
    'API key',
    'holds',
    'out',
    'metrics',
    'notify',
    'clock',
  ]);
});

test('a job that needs little is told so, with the API that it would ask and when it may start', async () => {
  const at = await newJobFolder();
  await at.job('limits: { deletions: 9 }', 'window: { hours: 22:00-05:00, timeZone: UTC }');
  const job = { ...(await readJob(at.file)), baseUrl: null };
  const clock = clockFrom('2026-11-23T12:00:00Z');
  const found = await checked(at, { job, clock });
  expect(Object.keys(found)).not.toContain('out');
  expect(Object.keys(found)).not.toContain('metrics');
  expect(found).toMatchObject({
    limits: 'ok: at most 9 deletions, none of them hard, growth 3',
    API: 'ok: https://tavusapi.com',
    manifests: 'ok: none at the moment',
    holds: 'ok: none',
    'state folder': `ok: ${at.stateDir} (is made when it is needed)`,
    notify: 'ok: nobody',
    window: expect.stringMatching(/^ok: it is mon .*, outside the window .*; it opens mon 2026-11-23 22:00/),
  });
  expect(await checked(at, { job, clock, baseUrl: at.sandbox.url })).toMatchObject({
    API: `ok: ${at.sandbox.url}`,
  });
});
