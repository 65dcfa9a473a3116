/** The key must be in nothing that the program prints, writes or shows, whatever it meets. Each test ends with a search. */
import { execFileSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startProgram, type Ended } from '../cli/process.ts';
import type { Canary } from '../helpers/canary.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { canaryFor } from '../helpers/test-canary.ts';
import type { RawServer } from '../tavus/raw-server.ts';
import { ECHOES, startEchoServer, type Echo } from './hostile-server.ts';

interface Scene {
  readonly canary: Canary;
  readonly folder: string;
  readonly stateDir: string;
  readonly server: RawServer;
  readonly manifest: string;
  readonly env: Readonly<Record<string, string>>;
  readonly run: (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<Ended>;
}

/** The program, a random key, and a server that says the key back in these ways by turns. */
async function scene(echoes: readonly Echo[]): Promise<Scene> {
  const folder = await temporaryFolder();
  const canary = canaryFor(folder);
  const server = await startEchoServer(echoes);
  onTestFinished(() => server.close());
  const stateDir = join(folder, 'state');
  const manifest = join(folder, 'manifest.csv');
  await writeFile(manifest, `video_id\n${echoes.map((_, index) => `a0000000${index}0\n`).join('')}`);
  const env = {
    TAVUS_API_KEY: canary.key,
    TAVUS_BASE_URL: server.origin,
    TAVUS_PURGE_STATE_DIR: stateDir,
    TAVUS_PURGE_ATTEMPTS: '1',
    TAVUS_PURGE_RATE: '1000/s',
    TAVUS_PURGE_CONCURRENCY: '1',
  };
  const run: Scene['run'] = async (args, changed = env) => {
    const { child, ended } = startProgram(args, changed);
    canary.watch(child);
    return ended;
  };
  return { canary, folder, stateDir, server, manifest, env, run };
}

async function confirmed(
  { run, manifest }: Scene,
  ...options: readonly string[]
): Promise<readonly string[]> {
  const { runId, planId } = JSON.parse(
    (await run(['plan', manifest, '--json', ...options])).stdout,
  ) as Record<string, string>;
  return ['apply', runId ?? '', '--confirm', planId ?? '', '--log-level', 'debug', '--log-format', 'text'];
}

const PLANTED = `data:text/javascript,${encodeURIComponent(
  'Math.random = () => { throw new Error(`planted ${process.env.TAVUS_API_KEY} error`); };',
)}`;

test('a server that says the key back in every answer does not get it into a log, a result or the terminal', async () => {
  // What stops a run comes last.
  const echoes = [...ECHOES.filter((echo) => echo !== 'location'), 'location' as const];
  const at = await scene(echoes);
  const ended = await at.run(await confirmed(at));
  expect([ended.code, ended.stderr]).toEqual([6, expect.stringContaining('[API key]')]);
  expect(at.server.requests.length).toBeGreaterThanOrEqual(echoes.length);
  const [runId = ''] = await readdir(join(at.stateDir, 'runs'));
  const rows = (await readFile(join(at.stateDir, 'runs', runId, 'results.ndjson'), 'utf8'))
    .trimEnd()
    .split('\n');
  expect(rows.filter((row) => row.includes('[API key]')).length).toBeGreaterThan(2);
});

test('an exception with the key in its message is said without it', async () => {
  const at = await scene(['html']);
  const apply = await confirmed(at, '--attempts', '9');
  const env = { ...at.env, NODE_OPTIONS: `--import ${PLANTED}` };
  const ended = await at.run(apply, env);
  expect([ended.code, ended.stderr]).toEqual([1, expect.stringContaining('planted [API key] error')]);
});

test('a diagnostic report of Node has neither the key nor the environment', async () => {
  const at = await scene(['html']);
  const apply = await confirmed(at, '--attempts', '9');
  const env = {
    ...at.env,
    NODE_OPTIONS: `--report-on-signal --report-directory=${at.folder} --report-filename=report.json`,
  };
  const { child, ended } = startProgram(apply, env);
  at.canary.watch(child);
  while (at.server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  child.kill('SIGUSR2');
  const file = join(at.folder, 'report.json');
  await expect.poll(() => readFile(file, 'utf8').catch(() => ''), { timeout: 20_000 }).toMatch(/^}\s*$/m);
  child.kill('SIGTERM');
  await ended;
  const report = JSON.parse(await readFile(file, 'utf8')) as object;
  expect(report).toHaveProperty('javascriptHeap');
  expect(report).not.toHaveProperty('environmentVariables');
});

test('doctor, and a config file that holds the key, never show it', async () => {
  const at = await scene(['error']);
  // The search at the end leaves out what the test itself wrote.
  const outside = await temporaryFolder();
  await writeFile(join(outside, 'key-in-config.yaml'), `mode: '${at.canary.key}'\n`);
  const runs = [
    await at.run(['doctor']),
    await at.run(['plan', at.manifest, '--config', join(outside, 'key-in-config.yaml')]),
  ];
  expect(runs.map(({ code }) => code)).toEqual([2, 2]);
});

test('a key file with odd content is refused without a word of it, and its key is in nothing either', async () => {
  const at = await scene(['error']);
  const outside = await temporaryFolder();
  const file = join(outside, 'key');
  const { TAVUS_API_KEY: key = '', ...rest } = at.env;
  const apply = ['plan', at.manifest, '--api-key-file', file];
  for (const content of [`\ufeff${key}`, `${key}\u001b[2J`]) {
    await writeFile(file, content, { mode: 0o600 });
    const ended = await at.run(apply, rest);
    expect([ended.code, ended.stderr]).toEqual([2, expect.stringContaining('value is not shown')]);
  }
  execFileSync('mkfifo', [join(outside, 'pipe')]);
  expect((await at.run(['plan', at.manifest, '--api-key-file', join(outside, 'pipe')], rest)).code).toBe(2);
});
