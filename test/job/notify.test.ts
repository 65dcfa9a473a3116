import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Job, JobNotify } from '../../src/job/job.ts';
import { checkNotify } from '../../src/job/notify-check.ts';
import { notifyEnd, notifyStart, type NotifyOptions } from '../../src/job/notify.ts';
import { scrubberFor } from '../../src/scrub.ts';
import { newCanary } from '../helpers/canary.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { startReceiver } from './http-receiver.ts';
import { jobEnd, troubledEnd } from './job-end.ts';
import { noPause } from './quick-delivery.ts';

const OPTIONS: NotifyOptions = { environment: process.env, random: noPause };

type NotifiedJob = Pick<Job, 'name' | 'file' | 'notify'>;

/** A job in a folder of its own, with a program `notify` that keeps its input. */
async function jobWith(notify: Partial<JobNotify>): Promise<NotifiedJob & { readonly folder: string }> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'notify'), '#!/bin/sh\ncat > input\n', { mode: 0o755 });
  const channels = { ping: null, webhook: null, command: null, ...notify };
  return { name: 'nightly', file: join(folder, 'job.yaml'), notify: channels, folder };
}

test('a job without channels tells nobody', async () => {
  const job = await jobWith({});
  expect(await notifyStart(job, { trigger: 'cron', reason: '' }, OPTIONS)).toEqual([]);
  expect(await notifyEnd(job, jobEnd(), OPTIONS)).toEqual([]);
});

test('a start is told to the health check alone, with what started it', async () => {
  const service = await startReceiver();
  const webhook = { url: `${service.origin}/hook`, secretFile: null };
  const job = await jobWith({ ping: `${service.origin}/uuid`, webhook, command: ['./notify'] });
  expect(await notifyStart(job, { trigger: 'manual', reason: 'GDPR\n2026-11' }, OPTIONS)).toEqual([]);
  expect(await notifyStart(job, { trigger: 'cron', reason: '' }, OPTIONS)).toEqual([]);
  expect(service.requests.map(({ path, body }) => [path, body])).toEqual([
    ['/uuid/start', 'nightly starts (manual, GDPR<U+000A>2026-11)'],
    ['/uuid/start', 'nightly starts (cron)'],
  ]);
});

test('a success is told on all channels, with the same message for webhook and command', async () => {
  const service = await startReceiver();
  const webhook = { url: `${service.origin}/hook`, secretFile: null };
  const job = await jobWith({ ping: `${service.origin}/uuid`, webhook, command: ['./notify'] });
  expect(await notifyEnd(job, jobEnd(), OPTIONS)).toEqual([]);
  const ping = service.requests.find(({ path }) => path === '/uuid');
  const hook = service.requests.find(({ path }) => path === '/hook');
  expect(ping?.body).toBe('exit 0: nightly ok: Everything was deleted.');
  expect(await readFile(join(job.folder, 'input'), 'utf8')).toBe(`${String(hook?.body)}\n`);
  expect(JSON.parse(String(hook?.body))).toMatchObject({ event: 'success', id: hook?.headers['webhook-id'] });
});

test('a failure is told with its exit code, its reason and the whole summary', async () => {
  const service = await startReceiver();
  const webhook = { url: `${service.origin}/hook`, secretFile: null };
  const job = await jobWith({ ping: `${service.origin}/uuid`, webhook });
  const end = troubledEnd();
  expect(await notifyEnd(job, end, OPTIONS)).toEqual([]);
  expect(service.requests.find(({ path }) => path === '/uuid/fail')?.body).toBe(
    'exit 6: nightly stopped: The API refused the key (401); next: tavus-purge resume 20261122-020001-8ee2df',
  );
  const hook = service.requests.find(({ path }) => path === '/hook');
  expect(JSON.parse(String(hook?.body))).toEqual({
    schemaVersion: 1,
    id: expect.stringMatching(/^msg_[0-9a-f-]{36}$/) as string,
    event: 'fail',
    job: 'nightly',
    exitCode: 6,
    exitName: 'stopped',
    why: 'The API refused the key (401).',
    next: 'tavus-purge resume 20261122-020001-8ee2df',
    trigger: 'cron',
    reason: 'monthly retention',
    startedAt: '2026-11-22T02:00:00.250Z',
    finishedAt: '2026-11-22T02:04:00.750Z',
    backlog: { manifests: 2, entries: 57, oldestAt: '2026-11-20T09:00:00.000Z' },
    runs: end.runs,
    pausedMs: 12_500,
    requests: end.requests,
  });
});

test('what one channel does not take, the others still get, and each failure is named', async () => {
  const dead = await startReceiver(() => ({ status: 500 }));
  const alive = await startReceiver();
  const job = await jobWith({
    ping: `${dead.origin}/uuid`,
    webhook: { url: `${alive.origin}/hook`, secretFile: null },
    command: ['false'],
  });
  expect(await notifyEnd(job, troubledEnd(), OPTIONS)).toEqual([
    { channel: 'ping', event: 'fail', problem: `${dead.origin} answered 500 (3 tries).` },
    { channel: 'command', event: 'fail', problem: 'The command false ended with exit code 1 (3 tries).' },
  ]);
  expect(alive.requests).toHaveLength(1);
  expect(await notifyStart(job, { trigger: 'cron', reason: '' }, OPTIONS)).toEqual([
    { channel: 'ping', event: 'start', problem: `${dead.origin} answered 500 (3 tries).` },
  ]);
});

test('the channels are served side by side, and each within its limit', async () => {
  const silent = await startReceiver(() => null);
  const job = await jobWith({
    ping: `${silent.origin}/uuid`,
    webhook: { url: `${silent.origin}/hook`, secretFile: null },
    command: ['sleep', '600'],
  });
  const limits = { tries: 2, tryMs: 400, totalMs: 2_000 };
  const startedAt = performance.now();
  const failures = await notifyEnd(job, jobEnd(), { ...OPTIONS, limits });
  expect(failures.map(({ problem }) => problem.replace(/^.*took/, 'took'))).toEqual(
    Array.from(
      { length: 3 },
      () => expect.stringMatching(/^took longer than 0\.4 s \(2 tries\)\.$/) as string,
    ),
  );
  // Far less than three times their limits one after the other would be on a machine this busy.
  expect(performance.now() - startedAt).toBeLessThan(30_000);
  expect(silent.requests.length).toBeGreaterThanOrEqual(2);
});

test('a signal gives up what is not delivered', async () => {
  const silent = await startReceiver(() => null);
  const job = await jobWith({ ping: `${silent.origin}/uuid`, command: ['sleep', '600'] });
  const asked = new AbortController();
  const telling = notifyEnd(job, jobEnd(), { ...OPTIONS, signal: asked.signal });
  await expect.poll(() => silent.requests.length).toBe(1);
  asked.abort();
  const failures = await telling;
  expect(failures.map(({ channel }) => channel)).toEqual(['ping', 'command']);
  for (const { problem } of failures) expect(problem).toContain('was asked to end at once');
});

test('not even an end that makes no sense is an error', async () => {
  const service = await startReceiver();
  const webhook = { url: `${service.origin}/hook`, secretFile: null };
  const job = await jobWith({ ping: 'nonsense', webhook, command: [] });
  expect(await notifyEnd(job, jobEnd({ startedAt: Number.NaN }), OPTIONS)).toEqual([
    {
      channel: 'ping',
      event: 'success',
      problem: 'The URL of notify.ping is not an https URL; it is not shown.',
    },
    {
      channel: 'webhook',
      event: 'success',
      problem: 'It failed in a way that was not foreseen (RangeError).',
    },
    {
      channel: 'command',
      event: 'success',
      problem: 'It failed in a way that was not foreseen (RangeError).',
    },
  ]);
  expect(service.requests).toEqual([]);
});

test('no secret is in any failure, and the API key goes nowhere even if a text holds it', async () => {
  const [apiKey, urlToken, webhookKey] = [newCanary(), newCanary(), newCanary()];
  const token = encodeURIComponent(urlToken.key);
  const path = `/${token}?token=${token}`;
  const answers = [200, 302, 404, 500].map((status) =>
    startReceiver((_, request) => ({
      status,
      body: `OK (not found) ${request.path} ${request.body}`,
      headers: { location: `http://127.0.0.1:1${path}` },
    })),
  );
  const services = await Promise.all(answers);
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'folder'));
  const secretFile = join(folder, 'secret');
  await writeFile(secretFile, `whsec_${Buffer.from(webhookKey.key).toString('base64')}`, { mode: 0o600 });
  const openFile = join(folder, 'open');
  await writeFile(openFile, webhookKey.key, { mode: 0o644 });
  const wrongFile = join(folder, 'wrong');
  await writeFile(wrongFile, webhookKey.key, { mode: 0o600 });

  const origins = [
    ...services.map(({ origin }) => origin),
    'http://127.0.0.1:1',
    'http://example.com',
    `https://${token.slice(0, 8)}:${token}@example.com`,
    'nonsense',
    'https://127.0.0.1:1',
  ];
  const commands = [
    ['./echo', urlToken.key],
    ['./no-such-program', urlToken.key],
    ['./hang', urlToken.key],
  ];
  await writeFile(join(folder, 'hang'), '#!/bin/sh\nexec sleep 600\n', { mode: 0o755 });
  await writeFile(join(folder, 'echo'), '#!/bin/sh\necho "$@" >&2; env >&2; exit 9\n', { mode: 0o755 });
  const file = join(folder, 'job.yaml');
  const environment = { ...process.env, TAVUS_API_KEY: apiKey.key };
  const why = `The API said: no such key ${apiKey.key}.`;
  const scrub = scrubberFor(apiKey.key);
  const limits = { tries: 2, tryMs: 1_500, totalMs: 4_000 };
  const shown: string[] = [];
  await Promise.all(
    origins.flatMap((origin) =>
      [secretFile, openFile, wrongFile, join(folder, 'folder')].map(async (hookFile, index) => {
        const job: NotifiedJob = {
          name: 'nightly',
          file,
          notify: {
            ping: `${origin}${path}`,
            webhook: { url: `${origin}${path}`, secretFile: hookFile },
            command: origin === origins[0] ? (commands[index] ?? null) : null,
          },
        };
        const end = jobEnd({ exitCode: 6, exitName: 'stopped', why });
        const options = { ...OPTIONS, environment, scrub, limits };
        const started = await notifyStart(job, { trigger: 'cron', reason: why }, options);
        const ended = await notifyEnd(job, end, options);
        const problems = await checkNotify(job, environment);
        shown.push(JSON.stringify([...started, ...ended]));
        shown.push(...problems.map(({ message, next, stack }) => [message, next, stack].join('\n')));
      }),
    ),
  );
  const text = shown.join('\n');
  for (const word of [
    'ping',
    'webhook',
    'command',
    'answered 404',
    'took longer',
    'not found',
    'is open to every user',
  ]) {
    expect(text).toContain(word);
  }
  for (const canary of [apiKey, urlToken, webhookKey]) expect(canary.hitsIn('failures', text)).toEqual([]);
  const sent = services.flatMap(({ requests }) => requests);
  expect(sent.length).toBeGreaterThan(20);
  // The token is in the path, where it belongs.
  const bodies = sent.map(({ body, headers }) => `${JSON.stringify(headers)}\n${body}`).join('\n');
  for (const canary of [apiKey, urlToken, webhookKey]) expect(canary.hitsIn('bodies', bodies)).toEqual([]);
  expect(apiKey.hitsIn('paths', sent.map(({ path: sentTo }) => sentTo).join('\n'))).toEqual([]);
});

test('a check finds what can be found without telling anybody', async () => {
  const service = await startReceiver();
  onTestFinished(() => expect(service.requests).toEqual([]));
  const good = await jobWith({ ping: service.origin, webhook: null, command: ['./notify', 'x'] });
  expect(await checkNotify(good, process.env)).toEqual([]);
  expect(await checkNotify(await jobWith({}), {})).toEqual([]);
  const byPath = await jobWith({ command: ['sh'] });
  expect(await checkNotify(byPath, {})).toEqual([]);
  expect(await checkNotify(byPath, { PATH: byPath.folder })).toHaveLength(1);

  const bad = await jobWith({
    ping: 'http://example.com/x',
    webhook: { url: 'ftp://x', secretFile: '/nowhere/secret' },
    command: ['./job.yaml'],
  });
  const problems = await checkNotify(bad, process.env);
  expect(problems.map(({ kind, message }) => `${kind}: ${message}`)).toEqual([
    'usage: The URL of notify.ping would be sent unencrypted to example.com; it is not shown.',
    'usage: The URL of notify.webhook.url is not an https URL; it is not shown.',
    'usage: The webhook secret file "/nowhere/secret" cannot be read.',
    'usage: The program of notify.command, "./job.yaml", cannot be run.',
  ]);
  for (const { next } of problems) expect(next).toBeTruthy();
  expect(await checkNotify(await jobWith({ command: [''] }), process.env)).toHaveLength(1);
  expect(await checkNotify(await jobWith({ command: ['/'] }), process.env)).toHaveLength(1);
});
