/** Links put where the program is about to write, by somebody who got into a folder above: nothing goes through one. */
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { PurgeError } from '../../src/errors.ts';
import {
  applyPlan,
  planPurge,
  writeRunReport,
  type ApplyOptions,
  type PlanOptions,
} from '../../src/index.ts';
import { startSandbox, type RunningSandbox } from '../../src/sandbox/start-sandbox.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

interface Scene {
  readonly sandbox: RunningSandbox;
  readonly planning: PlanOptions;
  readonly applying: ApplyOptions;
  readonly stateDir: string;
  readonly run: string;
  /** A folder of the victim: what it holds must stay as it is. */
  readonly victim: string;
}

/** A saved plan of two IDs, and a victim with a folder and a file. */
async function scene(latencyMs = 0): Promise<Scene> {
  const sandbox = await startSandbox({ videos: 2, latencyMs: [latencyMs, latencyMs] });
  onTestFinished(() => sandbox.close());
  const folder = await temporaryFolder();
  const [stateDir, victim, manifest] = [
    join(folder, 'state'),
    join(folder, 'victim'),
    join(folder, 'm.json'),
  ];
  await mkdir(victim);
  await writeFile(join(victim, 'precious.txt'), 'precious');
  await writeFile(manifest, JSON.stringify(sandbox.examples(2).videos));
  const { url: baseUrl, apiKey } = sandbox;
  const planning: PlanOptions = { manifests: [manifest], kind: 'video', stateDir, baseUrl, apiKey };
  const { runId, folder: run, header } = await planPurge(planning);
  const rate = { count: 1000, windowMs: 1000 };
  const applying = { stateDir, run: runId, apiKey, confirm: header.planId, settings: { rate } };
  return { sandbox, planning, applying, stateDir, run, victim };
}

/** The exit code and message with which something ends; exit code 0 when it ends well. */
async function endOf(work: Promise<unknown>): Promise<{ readonly code: number; readonly message: string }> {
  try {
    await work;
    return { code: 0, message: '' };
  } catch (error) {
    if (!(error instanceof PurgeError)) throw error;
    return { code: error.exitCode, message: error.next === undefined ? 'no next step' : error.message };
  }
}

const isLink = { code: 4, message: expect.stringContaining('is a symbolic link') as string };

async function expectUntouched({ victim }: Scene): Promise<void> {
  expect(await readdir(victim)).toEqual(['precious.txt']);
  expect(await readFile(join(victim, 'precious.txt'), 'utf8')).toBe('precious');
}

/** How `apply` ends, whether anything of the victim's was touched, and how many requests were sent. */
async function applied(at: Scene, changes: Partial<ApplyOptions> = {}): Promise<unknown> {
  const end = await endOf(applyPlan({ ...at.applying, ...changes }).finished);
  const precious = await readFile(join(at.victim, 'precious.txt'), 'utf8');
  const isTouched = precious !== 'precious' || (await readdir(at.victim)).length !== 1;
  return { ...end, isTouched, requests: at.sandbox.state().requests.total };
}

const refused = { ...isLink, isTouched: false, requests: 0 };

async function filesBelow(folder: string): Promise<readonly string[]> {
  return (await readdir(folder, { recursive: true })).toSorted();
}

describe('a link in place of', () => {
  test('the state folder, before there is a plan', async () => {
    const at = await scene();
    const stateDir = join(at.victim, '..', 'linked');
    await symlink(at.victim, stateDir);
    expect(await endOf(planPurge({ ...at.planning, stateDir }))).toEqual(isLink);
    await expectUntouched(at);
  });

  test.each([
    ['the state folder', ({ stateDir }: Scene) => stateDir],
    ['the folder of the runs', ({ run }: Scene) => join(run, '..')],
    ['the run folder', ({ run }: Scene) => run],
  ])('%s, since the plan was made', async (_, pathOf) => {
    const at = await scene();
    // What was in the folder is still found, through the link.
    const moved = join(at.victim, basename(pathOf(at)));
    await rename(pathOf(at), moved);
    await symlink(moved, pathOf(at));
    const before = await filesBelow(at.victim);
    expect(await endOf(applyPlan(at.applying).finished)).toEqual(isLink);
    expect(await filesBelow(at.victim)).toEqual(before);
    expect(at.sandbox.state().requests.total).toBe(0);
  });

  test.each(['results.csv', 'results.ndjson', 'summary.json', 'log.ndjson'])('%s', async (name) => {
    for (const target of ['precious.txt', 'missing.txt']) {
      const at = await scene();
      await symlink(join(at.victim, target), join(at.run, name));
      expect(await applied(at)).toEqual(refused);
    }
  });

  test.each(['run.db', 'run.db-wal', 'run.db-journal'])('%s', async (name) => {
    const at = await scene();
    await rm(join(at.run, name), { force: true });
    await symlink(join(at.victim, 'precious.txt'), join(at.run, name));
    expect((await endOf(applyPlan(at.applying).finished)).code).toBe(8);
    await expectUntouched(at);
    expect(at.sandbox.state().requests.total).toBe(0);
  });

  test('ledger.db: there is no plan without it, and a run does without it', async () => {
    const at = await scene();
    await rm(join(at.stateDir, 'ledger.db'));
    await symlink(join(at.victim, 'precious.txt'), join(at.stateDir, 'ledger.db'));
    expect(await endOf(planPurge(at.planning))).toEqual({ ...isLink, code: 8 });
    expect((await endOf(applyPlan(at.applying).finished)).code).toBe(0);
    await expectUntouched(at);
  });

  test('the folder of the locks', async () => {
    const at = await scene();
    await symlink(at.victim, join(at.stateDir, 'locks'));
    expect(await applied(at)).toEqual(refused);
  });

  test('a lock', async () => {
    const at = await scene();
    // Refused for its confirmation, but only behind the locks, whose files stay.
    expect((await endOf(applyPlan({ ...at.applying, confirm: '00000000' }).finished)).code).toBe(4);
    const locks = await filesBelow(join(at.stateDir, 'locks'));
    const paths = [...locks.map((name) => join(at.stateDir, 'locks', name)), join(at.run, '.lock')];
    expect(paths).toHaveLength(2);
    for (const path of paths) {
      await rm(path);
      await symlink(join(at.victim, 'precious.txt'), path);
      const ended = await endOf(applyPlan(at.applying).finished);
      expect(ended).toEqual({
        code: 8,
        message: expect.stringContaining('Could not take the lock') as string,
      });
      await rm(path);
    }
    await expectUntouched(at);
    expect(at.sandbox.state().requests.total).toBe(0);
    // Who holds a lock is only for the message to the others: a link there is left alone.
    for (const path of paths) await symlink(join(at.victim, 'precious.txt'), `${path}.json`);
    expect((await endOf(applyPlan(at.applying).finished)).code).toBe(0);
    await expectUntouched(at);
  });

  test('the output folder, or a name in it, before a run and for a report', async () => {
    const at = await scene();
    const out = join(at.victim, '..', 'out');
    await symlink(at.victim, out);
    expect(await applied(at, { out })).toEqual(refused);
    expect(await applied(at, { out: `${out}/` })).toEqual(refused);
    await rm(out);
    await mkdir(out, 0o700);
    await symlink(join(at.victim, 'precious.txt'), join(out, 'results.csv'));
    expect(await applied(at, { out })).toEqual(refused);
    await applyPlan(at.applying).finished;
    const { stateDir, run } = at;
    expect(await endOf(writeRunReport({ stateDir, run, out }))).toEqual(isLink);
    await expectUntouched(at);
  });

  test('the output folder, while the run goes on', async () => {
    const at = await scene(300);
    const out = join(at.victim, '..', 'out');
    const run = applyPlan({ ...at.applying, out });
    for await (const { type } of run) {
      if (type !== 'started') continue;
      await rm(out, { recursive: true });
      await symlink(at.victim, out);
    }
    const ended = await endOf(run.finished);
    expect(ended).toEqual({ code: 8, message: expect.stringContaining('is a symbolic link') as string });
    await expectUntouched(at);
  });
});
