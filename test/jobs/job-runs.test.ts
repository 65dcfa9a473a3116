/** The job files as they ship, run as each kit runs them: with its own words, its own environment, its own layout. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { COMPILE_CACHE, PROGRAM } from '../cli/process.ts';
import { startSandboxProcess, type SandboxProcess } from '../helpers/sandbox-process.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { readKit, workFolder } from './kits.ts';

const SHIFT_CLOCK = join(import.meta.dirname, '../helpers/shift-clock.ts');
/** A Sunday, 03:31 in Berlin, and the Monday after it. */
const IN_WINDOW = Date.UTC(2026, 11, 6, 2, 31);
const AFTER_WINDOW = Date.UTC(2026, 11, 7, 2, 31);

interface Machine {
  readonly sandbox: SandboxProcess;
  /** Stands for /srv/tavus-purge. */
  readonly work: string;
  readonly state: string;
  readonly keyFile: string;
  /** A folder in PATH that has the program and its Node, and nothing else. */
  readonly bin: string;
  /** The text of a kit with the folders of this machine. */
  readonly place: (text: string) => string;
  readonly writeList: (path: string, ids: readonly string[]) => Promise<void>;
}

/** A machine as jobs/README.md sets it up, in a temporary folder. */
async function newMachine(): Promise<Machine> {
  const sandbox = await startSandboxProcess({ acceptAnyId: true });
  onTestFinished(() => sandbox.stop());
  const work = await workFolder();
  const folder = await temporaryFolder();
  const bin = join(folder, 'bin');
  const state = join(folder, 'state');
  const keyFile = join(folder, 'api-key');
  await mkdir(bin);
  await symlink(PROGRAM, join(bin, 'tavus-purge'));
  await symlink(process.execPath, join(bin, 'node'));
  await writeFile(keyFile, `${sandbox.apiKey}\n`, { mode: 0o400 });
  const place = (text: string): string =>
    text
      .replaceAll('/srv/tavus-purge', work)
      .replaceAll('/etc/tavus-purge/api-key', keyFile)
      .replaceAll('/var/lib/tavus-purge', state)
      .replaceAll('/usr/local/bin/tavus-purge', join(bin, 'tavus-purge'));
  const writeList = (path: string, ids: readonly string[]): Promise<void> =>
    writeFile(join(work, path), `id,kind\n${ids.map((id) => `${id},video\n`).join('')}`);
  return { sandbox, work, state, keyFile, bin, place, writeList };
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(words: readonly string[], env: Readonly<Record<string, string>>): Ended {
  const [program = '', ...args] = words;
  const { status, stdout, stderr } = spawnSync(program, args, { env, encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

/** What only these tests need: the sandbox instead of the API, another time, a quick start. */
function testEnv({ sandbox }: Machine, at?: number): Record<string, string> {
  const clock =
    at === undefined ? {} : { NODE_OPTIONS: `--import=${SHIFT_CLOCK}`, TEST_CLOCK_STARTS_AT: String(at) };
  return { TAVUS_BASE_URL: sandbox.url, NODE_COMPILE_CACHE: COMPILE_CACHE, ...clock };
}

/** Runs the line of jobs/crontab for a job, as cron does: by its SHELL, with its settings and little else. */
async function runByCron(machine: Machine, job: string, at?: number): Promise<Ended> {
  const lines = machine.place(await readKit('crontab')).split('\n');
  const settings = lines.flatMap((line) => {
    const [, name, value = ''] = /^(\w+)=(.*)$/.exec(line) ?? [];
    return name === undefined ? [] : [[name, value] as const];
  });
  const line = lines.find((one) => /^[\d*]/.test(one) && one.includes(`${job}.yaml`)) ?? '';
  const command = line.split(/\s+/).slice(5).join(' ');
  const { SHELL = '', ...env } = Object.fromEntries(settings);
  const path = { PATH: `${machine.bin}:${env['PATH'] ?? ''}`, HOME: machine.state, LOGNAME: 'tavus-purge' };
  return start([SHELL, '-c', command], { ...env, ...path, SHELL, ...testEnv(machine, at) });
}

/** Runs ExecStart of the service for a job, with what systemd puts into its place and its environment. */
async function runBySystemd(machine: Machine, job: string, at?: number): Promise<Ended> {
  const credentials = dirname(machine.keyFile);
  await copyFile(machine.keyFile, join(credentials, 'tavus-api-key'));
  await chmod(join(credentials, 'tavus-api-key'), 0o440);
  const service = (await readKit('systemd/tavus-purge@.service')).replaceAll('\\\n', '');
  const [, command = ''] = /^ExecStart=(.*)$/m.exec(machine.place(service)) ?? [];
  const words = command
    .replaceAll('%i', job)
    .replaceAll('${STATE_DIRECTORY}', machine.state)
    .replaceAll('${CREDENTIALS_DIRECTORY}', credentials)
    .split(/\s+/);
  await mkdir(machine.state, { mode: 0o700, recursive: true });
  return start(words, { PATH: machine.bin, ...testEnv(machine, at) });
}

/** Runs the arguments of the CronJob, with the job file and the key as Kubernetes lays them out. */
async function runByKubernetes(machine: Machine): Promise<Ended> {
  const secrets = join(dirname(machine.keyFile), 'secrets');
  await mkdir(join(secrets, '..2026_12_06'), { recursive: true });
  await copyFile(machine.keyFile, join(secrets, '..2026_12_06/api-key'));
  await chmod(join(secrets, '..2026_12_06/api-key'), 0o440);
  await symlink('..2026_12_06', join(secrets, '..data'));
  await symlink('..data/api-key', join(secrets, 'api-key'));
  // The root of a volume with fsGroup.
  await chmod(machine.work, 0o2775);
  const [, cron] = parseAllDocuments(await readKit('kubernetes/cronjob.yaml')).map((one): unknown =>
    one.toJS(),
  );
  const args = /"args":(\[[^\]]*\])/.exec(JSON.stringify(cron))?.[1] ?? '[]';
  // oxlint-disable-next-line no-unsafe-type-assertion -- checked in kubernetes.test.ts
  const words = (JSON.parse(args) as readonly string[])
    .map((word) => word.replace('/run/secrets/tavus-purge', secrets))
    .map(machine.place);
  return start([process.execPath, PROGRAM, ...words], testEnv(machine));
}

/** The deletions that were asked for: the ID, with `?hard=true` when it is for good. */
async function deletionsAt({ sandbox }: Machine): Promise<readonly string[]> {
  const requests = await sandbox.requests();
  return requests
    .filter(({ method }) => method === 'DELETE')
    .map(({ path }) => path.split('/').at(-1) ?? '')
    .toSorted();
}

const SILENT = { code: 0, stdout: '', stderr: '' };

describe('jobs/nightly-soft-sweep.yaml', () => {
  test('run by cron deletes softly what its lists name, and says nothing', async () => {
    const machine = await newMachine();
    await machine.writeList('sweep/a.csv', ['aaaaaaaaa1', 'aaaaaaaaa2']);
    await machine.writeList('sweep/b.csv', ['aaaaaaaaa3']);
    await writeFile(join(machine.work, 'holds.csv'), 'id,reason\naaaaaaaaa2,legal\n');
    expect(await runByCron(machine, 'nightly-soft-sweep')).toEqual(SILENT);
    expect(await deletionsAt(machine)).toEqual(['aaaaaaaaa1', 'aaaaaaaaa3']);
    expect(await resultsOf(machine, 'nightly-soft-sweep')).toEqual([
      'results.csv',
      'results.ndjson',
      'summary.json',
    ]);
    const metrics = await readFile(join(machine.work, 'metrics/nightly-soft-sweep.prom'), 'utf8');
    expect(metrics).toContain('tavus_purge_last_exit_code{job_name="nightly-soft-sweep"} 0\n');

    expect(await runByCron(machine, 'nightly-soft-sweep')).toEqual(SILENT);
    expect(await deletionsAt(machine)).toHaveLength(2);
  });

  test('run by cron says in one line what is wrong, for the mail', async () => {
    const machine = await newMachine();
    await writeFile(join(machine.work, 'sweep/a.csv'), 'id,kind,mode\naaaaaaaaa1,video,hard\n');
    const { code, stdout, stderr } = await runByCron(machine, 'nightly-soft-sweep');
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(/^nightly-soft-sweep refused: .*hardDeletions allows 0.*; next: .*\n$/);
    expect(await machine.sandbox.requests()).toEqual([]);
  });

  test('run by Kubernetes finds job file, key, lists and state where the CronJob puts them', async () => {
    const machine = await newMachine();
    await machine.writeList('sweep/a.csv', ['aaaaaaaaa1']);
    const { code, stderr } = await runByKubernetes(machine);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(await deletionsAt(machine)).toEqual(['aaaaaaaaa1']);
    expect(readdirSync(join(machine.work, 'state/runs'))).toHaveLength(1);
  });

  test('tells at once that the folder of its lists is not there', async () => {
    const machine = await newMachine();
    await rm(join(machine.work, 'sweep'), { recursive: true });
    expect((await runByCron(machine, 'nightly-soft-sweep')).code).toBe(2);
  });
});

describe('jobs/weekly-hard-purge.yaml', () => {
  test('run by systemd in its window deletes for good', async () => {
    const machine = await newMachine();
    await machine.writeList('expired/a.csv', ['aaaaaaaaa1', 'aaaaaaaaa2']);
    expect(await runBySystemd(machine, 'weekly-hard-purge', IN_WINDOW)).toEqual(SILENT);
    expect(await deletionsAt(machine)).toEqual(['aaaaaaaaa1?hard=true', 'aaaaaaaaa2?hard=true']);
  });

  test('run outside its window sends nothing', async () => {
    const machine = await newMachine();
    await machine.writeList('expired/a.csv', ['aaaaaaaaa1']);
    const { code, stderr } = await runByCron(machine, 'weekly-hard-purge', AFTER_WINDOW);
    expect(code).toBe(4);
    expect(stderr).toMatch(/^weekly-hard-purge refused: .*outside the window .*\n$/);
    expect(await machine.sandbox.requests()).toEqual([]);
  });

  test('refuses the whole of a list that is larger than its cap', async () => {
    const machine = await newMachine();
    const ids = Array.from({ length: 51 }, (_, index) => (0xa000000000 + index).toString(16));
    await machine.writeList('expired/a.csv', ids);
    const { code, stderr } = await runBySystemd(machine, 'weekly-hard-purge', IN_WINDOW);
    expect({ code, stderr }).toEqual({
      code: 4,
      stderr: expect.stringContaining('limits.deletions allows 50'),
    });
    expect(await machine.sandbox.requests()).toEqual([]);
  });
});

describe('jobs/right-to-be-forgotten.yaml', () => {
  test('moves a request that was carried out to done/ with its results, and a wrong one to rejected/', async () => {
    const machine = await newMachine();
    expect(await runByCron(machine, 'right-to-be-forgotten')).toEqual(SILENT);
    await machine.writeList('requests/anna.csv', ['aaaaaaaaa1']);
    await machine.writeList('requests/bert.csv', ['NOT AN ID']);
    const { code, stderr } = await runByCron(machine, 'right-to-be-forgotten');
    expect(code).toBe(3);
    expect(stderr).toMatch(/^right-to-be-forgotten partial: .*\n$/);
    expect(await deletionsAt(machine)).toEqual(['aaaaaaaaa1?hard=true']);
    const requests = join(machine.work, 'requests');
    expect(readdirSync(requests).toSorted()).toEqual(['done', 'rejected']);
    expect(readdirSync(join(requests, 'done')).some((name) => name.includes('anna'))).toBe(true);
    expect(readdirSync(join(requests, 'rejected')).some((name) => name.includes('bert'))).toBe(true);
  });
});

async function resultsOf({ work }: Machine, job: string): Promise<readonly string[]> {
  const folder = join(work, 'results', job);
  expect(existsSync(folder)).toBe(true);
  const [run = '', ...more] = readdirSync(folder);
  expect(more).toEqual([]);
  return readdirSync(join(folder, run)).toSorted();
}
