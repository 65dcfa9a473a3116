/** What other hands do to the files while the program lives. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  applyPlan,
  listRuns,
  planPurge,
  resumeRun,
  writeRunReport,
  type SavedPlan,
} from '../../src/index.ts';
import { startSandbox, type RunningSandbox } from '../../src/sandbox/start-sandbox.ts';
import type { SandboxOptions } from '../../src/sandbox/options.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

interface Desk {
  readonly sandbox: RunningSandbox;
  readonly folder: string;
  readonly stateDir: string;
  readonly plan: (count: number) => Promise<SavedPlan>;
}

async function newDesk(options: SandboxOptions = {}): Promise<Desk> {
  const sandbox = await startSandbox({ acceptAnyId: true, port: 0, ...options });
  onTestFinished(() => sandbox.close());
  const folder = await temporaryFolder();
  const stateDir = join(folder, 'state');
  let plans = 0;
  return {
    sandbox,
    folder,
    stateDir,
    async plan(count) {
      plans += 1;
      const manifest = join(folder, `m${plans}.csv`);
      const ids = Array.from({ length: count }, (_, index) => `abc${plans}${100_000 + index}\n`);
      await writeFile(manifest, `video_id\n${ids.join('')}`);
      const settings = { rate: { count: 1_000, windowMs: 1_000 } };
      return planPurge({
        manifests: [manifest],
        stateDir,
        baseUrl: sandbox.url,
        apiKey: sandbox.apiKey,
        settings,
      });
    },
  };
}

test('a report into the folder of a run that is at work is refused; into another folder it is written', async () => {
  const { sandbox, stateDir, folder, plan } = await newDesk({ latencyMs: [20, 20] });
  const { runId, header } = await plan(60);
  const run = applyPlan({ stateDir, run: runId, apiKey: sandbox.apiKey, confirm: header.planId });
  let reported = false;
  for await (const event of run) {
    if (event.type !== 'outcome' || reported) continue;
    reported = true;
    await expect(writeRunReport({ stateDir, run: runId })).rejects.toMatchObject({ exitCode: 7 });
    const { summary } = await writeRunReport({ stateDir, run: runId, out: join(folder, 'meanwhile') });
    expect(summary).toMatchObject({ complete: false, planned: 60 });
  }
  expect(reported).toBe(true);
  expect((await run.finished).summary).toMatchObject({ complete: true, exitCode: 0 });
});

test('one damaged run folder is told, and stands in nobody else’s way', async () => {
  const { sandbox, stateDir, plan } = await newDesk({ revokeKeyAfter: 1 });
  const good = await plan(3);
  const { apiKey } = sandbox;
  await applyPlan({ stateDir, run: good.runId, apiKey, confirm: good.header.planId }).finished;
  const damaged = await plan(3);
  sandbox.set({ revokeKeyAfter: 0 });
  await applyPlan({ stateDir, run: damaged.runId, apiKey, confirm: damaged.header.planId }).finished;
  const junk = Buffer.alloc(30_000, 'junk');
  await writeFile(join(damaged.folder, 'run.db'), junk, { flag: 'r+' });

  sandbox.set({ revokeKeyAfter: null });
  const unreadable: string[] = [];
  const runs = await listRuns({ stateDir, onUnreadable: (folder) => unreadable.push(folder) });
  expect(runs.map(({ runId }) => runId)).toEqual([good.runId]);
  expect(unreadable).toEqual([damaged.folder]);
  expect((await plan(1)).header.warnings).toEqual([expect.stringContaining(damaged.folder)]);
  expect((await resumeRun({ stateDir, apiKey, baseUrl: sandbox.url }).finished).runId).toBe(good.runId);
  await expect(resumeRun({ stateDir, apiKey, run: damaged.runId }).finished).rejects.toMatchObject({
    exitCode: 8,
  });
});

test('results that cannot be written after all was deleted are exit 8 with the way to write them, not "nothing was sent"', async () => {
  const { sandbox, stateDir, folder, plan } = await newDesk({ latencyMs: [10, 10] });
  const { runId, header } = await plan(20);
  const out = join(folder, 'out');
  const run = applyPlan({ stateDir, run: runId, apiKey: sandbox.apiKey, confirm: header.planId, out });
  for await (const event of run) {
    if (event.type === 'started') await symlink('/nowhere', join(out, 'results.csv'));
  }
  await expect(run.finished).rejects.toMatchObject({
    kind: 'storage',
    message: expect.stringContaining('The run is recorded'),
    next: expect.stringContaining(`report ${runId}`),
  });
  expect((await writeRunReport({ stateDir, run: runId })).summary).toMatchObject({
    complete: true,
    exitCode: 0,
  });
});

describe('a saved plan', () => {
  test('whose manifest is a folder now is refused', async () => {
    const { sandbox, stateDir, folder, plan } = await newDesk();
    const { runId, header } = await plan(2);
    await rm(join(folder, 'm1.csv'));
    await mkdir(join(folder, 'm1.csv'));
    const run = applyPlan({ stateDir, run: runId, apiKey: sandbox.apiKey, confirm: header.planId });
    await expect(run.finished).rejects.toMatchObject({ exitCode: 4 });
  });

  test('whose manifest cannot be read is refused for that, and is not said to have changed', async () => {
    const { sandbox, stateDir, folder, plan } = await newDesk();
    const { runId, header } = await plan(2);
    const manifest = join(folder, 'm1.csv');
    await rm(manifest);
    await symlink(manifest, manifest);
    const run = applyPlan({ stateDir, run: runId, apiKey: sandbox.apiKey, confirm: header.planId });
    await expect(run.finished).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringMatching(/is not known: .* too many symbolic links/),
      next: expect.stringContaining('readable'),
    });
    expect(sandbox.state().requests.total).toBe(0);
  });

  test.runIf(existsSync('/proc/self'))(
    'is refused at once when its output folder cannot be made',
    async () => {
      const { sandbox, stateDir, plan } = await newDesk();
      const { runId, header } = await plan(2);
      const out = '/proc/no-such-folder';
      const run = applyPlan({ stateDir, run: runId, apiKey: sandbox.apiKey, confirm: header.planId, out });
      await expect(run.finished).rejects.toMatchObject({ exitCode: 8 });
      expect(sandbox.state().requests.total).toBe(0);
    },
  );

  test.each([
    ['a log that is a link', (folder: string) => symlink('/nowhere', join(folder, 'log.ndjson'))],
    ['a folder that everybody may write to', (folder: string) => chmod(folder, 0o777)],
  ])('is refused with %s', async (_, change) => {
    const { sandbox, stateDir, plan } = await newDesk();
    const { runId, header, folder } = await plan(2);
    await change(folder);
    const run = applyPlan({ stateDir, run: runId, apiKey: sandbox.apiKey, confirm: header.planId });
    await expect(run.finished).rejects.toMatchObject({ exitCode: 4 });
    expect(sandbox.state().requests.total).toBe(0);
  });

  test.each([
    { concurrency: NaN },
    { attempts: 0 },
    { timeoutMs: Infinity },
    { rate: { count: 1.5, windowMs: 1_000 } },
  ])('is not carried out with settings that are none: %j', async (settings) => {
    const { sandbox, stateDir, plan } = await newDesk();
    const { runId, header } = await plan(2);
    const run = applyPlan({ stateDir, run: runId, apiKey: sandbox.apiKey, confirm: header.planId, settings });
    await expect(run.finished).rejects.toMatchObject({ exitCode: 2 });
    expect(sandbox.state().requests.total).toBe(0);
  });
});
