import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { applyPlan, listRuns, planPurge, resumeRun, showRun, type SavedPlan } from '../../src/index.ts';
import { isJobName, isNote } from '../../src/run-notes.ts';
import { startSandbox, type RunningSandbox } from '../../src/sandbox/start-sandbox.ts';
import { printable } from '../../src/printable.ts';
import { carriedOutRun, saveRun } from '../helpers/run-files.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

interface Desk {
  readonly sandbox: RunningSandbox;
  readonly stateDir: string;
  readonly plan: (job?: string) => Promise<SavedPlan>;
}

async function newDesk(): Promise<Desk> {
  const sandbox = await startSandbox({ acceptAnyId: true, port: 0 });
  onTestFinished(() => sandbox.close());
  const stateDir = await temporaryFolder();
  const manifest = join(stateDir, 'ids.csv');
  writeFileSync(manifest, 'video_id\nabcdef01\nabcdef02\n');
  return {
    sandbox,
    stateDir,
    plan: (job) =>
      planPurge({
        manifests: [manifest],
        stateDir,
        baseUrl: sandbox.url,
        ...(job === undefined ? {} : { job }),
      }),
  };
}

test('the job stands in the plan; what started each life, and why, in the run and its summary', async () => {
  const { sandbox, stateDir, plan } = await newDesk();
  const { runId, header, folder } = await plan('nightly');
  expect(header.job).toBe('nightly');
  expect(JSON.parse(await readFile(join(folder, 'plan.json'), 'utf8'))).toMatchObject({ job: 'nightly' });
  const life = { stateDir, run: runId, apiKey: sandbox.apiKey };
  const stopped = { ...life, confirm: header.planId, signal: AbortSignal.abort() };
  const first = await applyPlan({ ...stopped, trigger: 'cron', reason: 'nightly sweep' }).finished;
  expect(first.summary).toMatchObject({ job: 'nightly', trigger: 'cron', reason: 'nightly sweep' });
  const second = await resumeRun({ ...life, trigger: 'manual' }).finished;
  expect(second.summary).toMatchObject({ job: 'nightly', trigger: 'manual', reason: null, exitCode: 0 });
  expect(JSON.parse(await readFile(second.files.summaryJson, 'utf8'))).toEqual(second.summary);
  expect((await showRun(life)).summary).toEqual(second.summary);
});

test('a run of nobody’s job, started without a word, says null', async () => {
  const { sandbox, stateDir, plan } = await newDesk();
  const { runId, header } = await plan();
  expect(header.job).toBeNull();
  const options = { stateDir, run: runId, apiKey: sandbox.apiKey, confirm: header.planId };
  expect((await applyPlan(options).finished).summary).toMatchObject({
    job: null,
    trigger: null,
    reason: null,
  });
});

test('the key is taken out of a reason that holds it', async () => {
  const { sandbox, stateDir, plan } = await newDesk();
  const { runId, header } = await plan();
  const options = { stateDir, run: runId, apiKey: sandbox.apiKey, confirm: header.planId };
  const { summary } = await applyPlan({ ...options, reason: `with ${sandbox.apiKey}` }).finished;
  expect(summary.reason).toContain('with ');
  expect(summary.reason).not.toContain(sandbox.apiKey);
});

test.each(['', ' ', 'two\nlines', 'x'.repeat(301), '\u202Ereversed', '\u001B[31mred'])(
  'a reason that is no short printable text is refused before anything is sent: %j',
  async (reason) => {
    const { sandbox, stateDir, plan } = await newDesk();
    const { runId, header } = await plan();
    const options = { stateDir, run: runId, apiKey: sandbox.apiKey, confirm: header.planId };
    await expect(applyPlan({ ...options, reason }).finished).rejects.toMatchObject({ exitCode: 2 });
    await expect(resumeRun({ ...options, trigger: reason }).finished).rejects.toMatchObject({ exitCode: 2 });
    expect(sandbox.state().requests.total).toBe(0);
  },
);

test.each(['', 'Nightly', '../x', '.hidden', '-x', 'a b', 'x'.repeat(65), 'ünder'])(
  'a job cannot be called %j',
  async (job) => {
    const { plan } = await newDesk();
    await expect(plan(job)).rejects.toMatchObject({ exitCode: 2 });
  },
);

test('a note is never longer than allowed and shows as what it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat({ max: 30 }), (text, most) => {
      fc.pre(isNote(text, most));
      expect(text.length).toBeLessThanOrEqual(most);
      expect(printable(text)).toBe(text);
    }),
  );
  fc.assert(fc.property(fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,63}$/), (name) => isJobName(name)));
});

describe('the list of runs', () => {
  const DAY = Date.UTC(2026, 0, 10);

  async function runs(): Promise<{ readonly stateDir: string; readonly [name: string]: string }> {
    const stateDir = await temporaryFolder();
    return {
      stateDir,
      nightly: await carriedOutRun(stateDir, [{ id: 'abcdef01' }], { job: 'nightly', endedAt: DAY + 5 }),
      killed: await carriedOutRun(stateDir, [{ id: 'abcdef01' }], {
        job: 'nightly',
        endedAt: DAY - 5_000,
        deleted: 0,
        end: 'killed',
      }),
      byHand: await carriedOutRun(stateDir, [{ id: 'abcdef01' }], { endedAt: DAY + 5 }),
      // Planned on the 2nd of January.
      plan: await saveRun(stateDir, [{ id: 'abcdef01' }]),
    };
  }

  test('has only those that every filter lets through', async () => {
    const { stateDir, ...folders } = await runs();
    const listed = async (filters: Omit<Parameters<typeof listRuns>[0], 'stateDir'>) => {
      const found = (await listRuns({ stateDir, ...filters })).map(({ folder }) => folder);
      return Object.keys(folders).filter((name) => found.includes(folders[name] ?? ''));
    };
    expect(await listed({})).toEqual(['nightly', 'killed', 'byHand', 'plan']);
    expect(await listed({ job: 'nightly' })).toEqual(['nightly', 'killed']);
    expect(await listed({ job: 'weekly' })).toEqual([]);
    expect(await listed({ states: ['finished'] })).toEqual(['nightly', 'byHand']);
    expect(await listed({ states: ['interrupted', 'planned'] })).toEqual(['killed', 'plan']);
    expect(await listed({ since: DAY })).toEqual(['nightly', 'byHand']);
    expect(await listed({ since: Date.UTC(2026, 0, 2, 3, 4, 5) })).toHaveLength(4);
    expect(await listed({ since: DAY, job: 'nightly', states: ['finished'] })).toEqual(['nightly']);
  });
});
