import { readdirSync, statSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { COMPILE_CACHE } from '../cli/process.ts';
import { startSandboxProcess, type SandboxProcess } from '../helpers/sandbox-process.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { JOBS, readKit } from './kits.ts';
import { fill, readWorkflow, runJob, type Hub, type JobEnded, type Workflow } from './workflow.ts';

const IDS = ['aaaaaaaaa1', 'aaaaaaaaa2', 'aaaaaaaaa3'];

async function shipped(): Promise<Workflow> {
  return readWorkflow(await readKit('github-actions/purge.yml'));
}

/** The workflow as it ships but for `npm ci`: the program of this checkout is installed already. */
async function runnable(): Promise<Workflow> {
  const workflow = await shipped();
  for (const { steps } of Object.values(workflow.jobs)) {
    for (const step of steps) if (step.name === 'Install tavus-purge') step.run = 'true';
  }
  return workflow;
}

interface Repository {
  readonly hub: Hub;
  readonly sandbox: SandboxProcess;
  readonly writeList: (ids: readonly string[]) => Promise<void>;
}

async function newRepository(): Promise<Repository> {
  const folder = await temporaryFolder();
  const sandbox = await startSandboxProcess({ acceptAnyId: true });
  onTestFinished(() => sandbox.stop());
  const lists = join(folder, 'lists');
  const writeList = (ids: readonly string[]): Promise<void> =>
    writeFile(join(lists, 'old.csv'), `id,kind\n${ids.map((id) => `${id},video\n`).join('')}`);
  await mkdir(lists);
  await writeFile(join(lists, 'holds.csv'), 'id,reason\n');
  await writeList(IDS);
  const env = {
    PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
    HOME: folder,
    TAVUS_BASE_URL: sandbox.url,
    NODE_COMPILE_CACHE: COMPILE_CACHE,
  };
  return { hub: { folder, lists, tool: join(JOBS, '..'), env }, sandbox, writeList };
}

/** What GitHub fills in for the expressions of one attempt of a workflow run. */
function valuesOf(attempt: number, more: Readonly<Record<string, string>> = {}): Map<string, string> {
  return new Map(
    Object.entries({
      'github.run_id': '1',
      'github.run_attempt': String(attempt),
      'github.ref': 'refs/heads/main',
      'inputs.manifest': 'old.csv',
      'inputs.reason': 'older than 90 days; $(exit 1) "quoted"',
      'inputs.max-deletions': '100',
      'inputs.max-hard': '0',
      ...more,
    }),
  );
}

const runPlan = async ({ hub }: Repository, more: Readonly<Record<string, string>> = {}): Promise<JobEnded> =>
  runJob(await runnable(), 'plan', { hub, values: valuesOf(1, more) });

async function runApply(
  { hub, sandbox }: Repository,
  plan: JobEnded,
  { attempt = 1, key = sandbox.apiKey }: { readonly attempt?: number; readonly key?: string } = {},
): Promise<JobEnded> {
  const values = valuesOf(attempt, { 'secrets.TAVUS_API_KEY': key });
  for (const [name, value] of plan.outputs) values.set(`needs.plan.outputs.${name}`, value);
  return runJob(await runnable(), 'apply', { hub, values });
}

/** The IDs that were asked to be deleted, in order. */
async function deletedIn({ sandbox }: Repository): Promise<readonly string[]> {
  const requests = await sandbox.requests();
  return requests.filter(({ method }) => method === 'DELETE').map(({ path }) => path.split('/').at(-1) ?? '');
}

describe('jobs/github-actions/purge.yml', () => {
  test('uses only actions of GitHub itself, each pinned to a commit, and may only read the repository', async () => {
    const { permissions, jobs } = await shipped();
    const uses = Object.values(jobs).flatMap(({ steps }) => steps.flatMap((step) => step.uses ?? []));
    expect(uses.length).toBeGreaterThan(8);
    expect(uses.filter((one) => !/^actions\/[\w/-]+@[0-9a-f]{40}$/.test(one))).toEqual([]);
    expect(permissions).toEqual({});
    expect(Object.values(jobs).map((job) => job.permissions)).toEqual([
      { contents: 'read' },
      { contents: 'read' },
    ]);
  });

  test('lets one purge at a time through, and gives the key only to the step that deletes, after an approval', async () => {
    const { concurrency, jobs } = await shipped();
    expect(concurrency).toEqual({ group: 'tavus-purge', 'cancel-in-progress': false });
    expect(Object.entries(jobs).map(([name, { environment, needs }]) => [name, environment, needs])).toEqual([
      ['plan', undefined, undefined],
      ['apply', 'tavus-purge', 'plan'],
    ]);
    const withKey = Object.values(jobs)
      .flatMap(({ steps }) => steps)
      .filter((step) => JSON.stringify(step).includes('secrets.'));
    expect(withKey.map(({ name }) => name)).toEqual(['Delete exactly this plan']);
    expect(jobs['apply']?.if).toBe("needs.plan.outputs.deletions != '0'");
  });

  test('puts no expression into a script, so that an input cannot become a command', async () => {
    const scripts = Object.values((await shipped()).jobs).flatMap(({ steps }) =>
      steps.flatMap(({ run }) => run ?? []),
    );
    expect(scripts.filter((script) => script.includes('${{'))).toEqual([]);
  });

  test('installs and checks out the same program for the plan and for its deletions', async () => {
    const { jobs } = await shipped();
    const installs = Object.values(jobs).map(({ steps }) => [
      steps.find(({ with: given }) => given['path'] === 'tool')?.with,
      steps.find(({ name }) => name === 'Install tavus-purge')?.run,
    ]);
    expect(installs[0]).toEqual(installs[1]);
    expect(installs[0]?.[1]).toBe('npm ci --omit=dev --omit=optional --ignore-scripts --prefix tool');
  });

  test('deletes what was planned, keeps private what is private, and leaves out next time what it deleted', async () => {
    const repository = await newRepository();
    const plan = await runPlan(repository);
    expect({ isFine: plan.isFine, log: plan.log }).toMatchObject({ isFine: true });
    expect(plan.outputs.get('deletions')).toBe('3');
    expect(plan.summary).toContain(`    Plan ${plan.outputs.get('run') ?? ''}: 3 deletions`);
    expect(await repository.sandbox.requests()).toEqual([]);

    const applied = await runApply(repository, plan);
    expect({ isFine: applied.isFine, log: applied.log }).toMatchObject({ isFine: true });
    expect((await deletedIn(repository)).toSorted()).toEqual(IDS);
    const run = join(applied.workspace, 'state/runs', plan.outputs.get('run') ?? '');
    const modes = readdirSync(run).map((name) => (statSync(join(run, name)).mode & 0o777).toString(8));
    expect(new Set(modes)).toEqual(new Set(['600']));
    const summary: unknown = JSON.parse(
      await readFile(join(repository.hub.folder, 'artifacts/results-1/summary.json'), 'utf8'),
    );
    expect(summary).toMatchObject({
      exitCode: 0,
      counts: { deleted: 3 },
      trigger: 'github-actions',
      reason: 'older than 90 days; $(exit 1) "quoted"',
    });

    const again = await runPlan(repository);
    expect(again.outputs.get('deletions')).toBe('0');
  });

  test('sends nothing for another plan than the approved one, nor when the list has changed since', async () => {
    const repository = await newRepository();
    const plan = await runPlan(repository);
    const outputs = new Map(plan.outputs).set('plan', 'f'.repeat(64));
    const other = await runApply(repository, { ...plan, outputs });
    expect(other.codes.get('Delete exactly this plan')).toBe(4);
    await repository.writeList(IDS.slice(1));
    const changed = await runApply(repository, plan, { attempt: 2 });
    expect(changed.codes.get('Delete exactly this plan')).toBe(4);
    expect(changed.log).toContain('has changed since it was planned');
    expect(await repository.sandbox.requests()).toEqual([]);
  });

  test('continues a run that was stopped when its job is run again', async () => {
    const repository = await newRepository();
    const plan = await runPlan(repository);
    const stopped = await runApply(repository, plan, { key: 'f0f1f2f3f4f5f6f7f8f9' });
    expect(stopped.codes.get('Delete exactly this plan')).toBe(6);
    expect(stopped.codes.get('Pack the memory')).toBe(0);
    const continued = await runApply(repository, plan, { attempt: 2 });
    expect({ isFine: continued.isFine, log: continued.log }).toMatchObject({ isFine: true });
    const answered = (await repository.sandbox.requests()).filter(({ status }) => status === 200);
    expect(answered).toHaveLength(3);
  });

  test('fails before anybody is asked when the plan is larger than allowed', async () => {
    const plan = await runPlan(await newRepository(), { 'inputs.max-deletions': '2' });
    expect(plan.codes.get('Plan')).toBe(4);
    expect({ isFine: plan.isFine, outputs: plan.outputs }).toEqual({ isFine: false, outputs: new Map() });
  });

  test('uses in its expressions only what GitHub has', async () => {
    const text = await readKit('github-actions/purge.yml');
    const outputs = Object.keys((await shipped()).jobs['plan']?.outputs ?? {});
    const values = valuesOf(1, { 'secrets.TAVUS_API_KEY': '', 'github.workspace': '' });
    for (const name of outputs) {
      values.set(`needs.plan.outputs.${name}`, '').set(`steps.plan.outputs.${name}`, '');
    }
    expect(fill(text, values)).not.toContain('${{');
  });
});
