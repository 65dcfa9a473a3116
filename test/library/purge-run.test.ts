import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  applyPlan,
  planPurge,
  resumeRun,
  showRun,
  type PurgeEvent,
  type SavedPlan,
} from '../../src/index.ts';
import { startSandbox, type RunningSandbox } from '../../src/sandbox/start-sandbox.ts';
import type { SandboxOptions } from '../../src/sandbox/options.ts';
import { carryOut } from '../helpers/run-files.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

async function newSandbox(options: SandboxOptions = {}): Promise<RunningSandbox> {
  const sandbox = await startSandbox({ acceptAnyId: true, port: 0, ...options });
  onTestFinished(() => sandbox.close());
  return sandbox;
}

interface Planned {
  readonly plan: SavedPlan;
  readonly apply: {
    readonly stateDir: string;
    readonly run: string;
    readonly apiKey: string;
    readonly confirm: string;
  };
}

async function planned(sandbox: RunningSandbox, count: number): Promise<Planned> {
  const folder = await temporaryFolder();
  const manifest = join(folder, 'ids.ndjson');
  const rows = Array.from(
    { length: count },
    (_, index) => `{"id":"abc${1_000_000 + index}","kind":"video"}\n`,
  );
  await writeFile(manifest, rows.join(''));
  const stateDir = join(folder, 'state');
  const plan = await planPurge({
    manifests: [manifest],
    stateDir,
    baseUrl: sandbox.url,
    settings: { rate: { count: 1_000, windowMs: 1_000 } },
  });
  const { planId } = plan.header;
  return { plan, apply: { stateDir, run: plan.runId, apiKey: sandbox.apiKey, confirm: planId } };
}

describe('a purge through the library', () => {
  test('tells what happens as typed events and ends with a summary', async () => {
    const sandbox = await newSandbox();
    const { apply } = await planned(sandbox, 20);
    const run = applyPlan(apply);
    const events: PurgeEvent[] = [];
    for await (const event of run) events.push(event);
    const { summary } = await run.finished;
    expect(summary).toMatchObject({ complete: true, exitCode: 0, counts: { deleted: 20 } });
    expect(events[0]).toMatchObject({ type: 'started', planned: 20 });
    expect(events.at(-1)).toEqual({ type: 'finished', exitCode: 0, stopReason: null });
    expect(events.filter(({ type }) => type === 'outcome')).toHaveLength(20);
  });

  test('goes on when nobody reads its events', async () => {
    const sandbox = await newSandbox();
    const { apply } = await planned(sandbox, 50);
    const { summary } = await applyPlan(apply).finished;
    expect(summary.counts.deleted).toBe(50);
  });

  test('drains when its signal aborts, and another life does the rest', async () => {
    const sandbox = await newSandbox({ latencyMs: [20, 20] });
    const { apply, plan } = await planned(sandbox, 100);
    const controller = new AbortController();
    const run = applyPlan({ ...apply, signal: controller.signal });
    for await (const event of run) if (event.type === 'outcome') controller.abort();
    const first = await run.finished;
    expect(first.summary).toMatchObject({ complete: false, exitCode: 5, stopReason: 'signal' });
    expect(first.error).not.toBeNull();
    expect((await showRun({ stateDir: apply.stateDir, run: plan.runId })).state).toBe('interrupted');

    const second = await resumeRun({ stateDir: apply.stateDir, apiKey: apply.apiKey, baseUrl: sandbox.url })
      .finished;
    expect(second.summary).toMatchObject({ complete: true, counts: { deleted: 100 }, requests: 100 });
  });

  test('sends nothing when its signal was aborted before', async () => {
    const sandbox = await newSandbox();
    const { apply } = await planned(sandbox, 5);
    const { summary } = await applyPlan({ ...apply, signal: AbortSignal.abort() }).finished;
    expect(summary).toMatchObject({ exitCode: 5, requests: 0, counts: { not_attempted: 5 } });
    expect(sandbox.state().requests.total).toBe(0);
  });

  test('that was killed after its last outcome has its results written by resume, and sends nothing', async () => {
    const sandbox = await newSandbox();
    const { apply, plan } = await planned(sandbox, 3);
    await carryOut(plan.folder, { endedAt: 5_000, end: 'killed' });
    expect((await showRun({ stateDir: apply.stateDir, run: plan.runId })).state).toBe('interrupted');

    const resumed = { stateDir: apply.stateDir, apiKey: apply.apiKey, run: plan.runId };
    const { summary, files } = await resumeRun(resumed).finished;
    expect(summary).toMatchObject({ complete: true, exitCode: 0, counts: { deleted: 3 }, requests: 3 });
    expect((await readFile(files.resultsCsv, 'utf8')).split('\n')).toHaveLength(5);
    expect(sandbox.state().requests.total).toBe(0);
    await expect(resumeRun(resumed).finished).rejects.toMatchObject({ exitCode: 4 });
  });

  test('whose results could not be written is not finished: resume writes them, and sends nothing', async () => {
    const sandbox = await newSandbox();
    const { apply, plan } = await planned(sandbox, 3);
    const run = applyPlan(apply);
    const inTheWay = join(plan.folder, 'results.csv');
    for await (const event of run) if (event.type === 'started') await mkdir(inTheWay);
    await expect(run.finished).rejects.toMatchObject({
      exitCode: 8,
      next: expect.stringContaining('resume'),
    });
    const resumed = { stateDir: apply.stateDir, apiKey: apply.apiKey, run: plan.runId };
    expect((await showRun(resumed)).state).toBe('interrupted');

    await rmdir(inTheWay);
    const { summary } = await resumeRun(resumed).finished;
    expect(summary).toMatchObject({ complete: true, exitCode: 0, counts: { deleted: 3 }, requests: 3 });
    expect(sandbox.state().requests.total).toBe(3);
    expect((await showRun(resumed)).state).toBe('finished');
    await expect(resumeRun(resumed).finished).rejects.toMatchObject({ exitCode: 4 });
  });

  test('two runs at once in one process do not know of each other', async () => {
    const one = await newSandbox();
    const two = await newSandbox({ revokeKeyAfter: 10 });
    const [first, second] = [await planned(one, 60), await planned(two, 60)];
    const [ended, stopped] = await Promise.all([
      applyPlan(first.apply).finished,
      applyPlan(second.apply).finished,
    ]);
    expect(ended.summary).toMatchObject({ exitCode: 0, counts: { deleted: 60 } });
    expect(stopped.summary).toMatchObject({
      exitCode: 6,
      stopReason: 'unauthorized',
      counts: { deleted: 10 },
    });
  });

  test('refuses through `finished`, and its events simply end', async () => {
    const sandbox = await newSandbox();
    const { apply } = await planned(sandbox, 5);
    const run = applyPlan({ ...apply, confirm: '00000000' });
    const events: PurgeEvent[] = [];
    for await (const event of run) events.push(event);
    expect(events).toEqual([]);
    await expect(run.finished).rejects.toMatchObject({ kind: 'refused', exitCode: 4 });
  });
});
