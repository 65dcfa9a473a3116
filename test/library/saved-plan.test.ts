/** A saved plan is applied as it was reviewed, or not at all. */
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { applyPlan, planPurge, type ApplyOptions, type SavedPlan } from '../../src/index.ts';
import { startSandbox, type RunningSandbox } from '../../src/sandbox/start-sandbox.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

interface Saved {
  readonly sandbox: RunningSandbox;
  readonly plan: SavedPlan;
  readonly manifest: string;
  readonly apply: ApplyOptions;
}

async function saved(): Promise<Saved> {
  const sandbox = await startSandbox({ acceptAnyId: true, port: 0 });
  onTestFinished(() => sandbox.close());
  const folder = await temporaryFolder();
  const manifest = join(folder, 'm.csv');
  await writeFile(manifest, 'video_id,mode\n8a4f94e736,soft\n8a4f94e737,soft\n');
  const stateDir = join(folder, 'state');
  const plan = await planPurge({
    manifests: [manifest],
    stateDir,
    baseUrl: sandbox.url,
    apiKey: sandbox.apiKey,
  });
  const apply = { stateDir, run: plan.runId, apiKey: sandbox.apiKey, confirm: plan.header.planId };
  return { sandbox, plan, manifest, apply };
}

function changeRunDb(plan: SavedPlan, sql: string): void {
  const db = new DatabaseSync(join(plan.folder, 'run.db'));
  db.exec(sql);
  db.close();
}

test.each<[string, (saved: Saved) => Promise<void> | void, RegExp]>([
  [
    'an ID in run.db was changed',
    ({ plan }) => changeRunDb(plan, "UPDATE entry SET id = '8a4f94e799' WHERE id = '8a4f94e736'"),
    /run\.db/,
  ],
  [
    'a mode in run.db was changed',
    ({ plan }) => changeRunDb(plan, "UPDATE entry SET mode = 'hard'"),
    /run\.db/,
  ],
  [
    'a row was added to run.db',
    ({ plan }) =>
      changeRunDb(
        plan,
        "INSERT INTO entry SELECT row + 10, kind, '8a4f94e799', mode, source, line, reason, ticket, skip, detail FROM entry LIMIT 1",
      ),
    /run\.db/,
  ],
  [
    'a row in run.db was put before all that are carried out',
    ({ plan }) => changeRunDb(plan, 'UPDATE entry SET row = -5 WHERE row = 1'),
    /run\.db/,
  ],
  [
    'a reason in run.db was changed',
    ({ plan }) => changeRunDb(plan, "UPDATE entry SET reason = 'other'"),
    /run\.db/,
  ],
  [
    'an outcome was written into run.db before it was applied',
    ({ plan }) => changeRunDb(plan, "INSERT INTO outcome VALUES (2, 'deleted', 'x', 200, 1, 1, 1)"),
    /run\.db holds results of a run that never began/,
  ],
  [
    'the hold files were taken out of the plan in run.db',
    ({ plan }) =>
      changeRunDb(plan, `UPDATE meta SET value = replace(value, '"holds"', '"other"') WHERE name = 'header'`),
    /plan\.json/,
  ],
  ['plan.csv was changed', ({ plan }) => appendFile(join(plan.folder, 'plan.csv'), ' '), /plan\.csv/],
  ['plan.json was changed', ({ plan }) => appendFile(join(plan.folder, 'plan.json'), ' '), /plan\.json/],
  ['plan.csv is gone', ({ plan }) => rm(join(plan.folder, 'plan.csv')), /plan\.csv/],
  [
    'a manifest was changed',
    ({ manifest }) => writeFile(manifest, 'video_id,mode\n8a4f94e736,soft\n'),
    /has changed since it was planned/,
  ],
])('nothing is sent when %s', async (_, change, message) => {
  const all = await saved();
  await change(all);
  await expect(applyPlan(all.apply).finished).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringMatching(message),
  });
  expect(all.sandbox.state().requests.total).toBe(0);
});

test('a manifest that has gone is fine', async () => {
  const { manifest, apply } = await saved();
  await rm(manifest);
  expect((await applyPlan(apply).finished).summary.exitCode).toBe(0);
});

test('a plan is applied once', async () => {
  const { apply, sandbox } = await saved();
  await applyPlan(apply).finished;
  await expect(applyPlan(apply).finished).rejects.toMatchObject({
    exitCode: 4,
    message: expect.stringContaining('already applied'),
  });
  expect(sandbox.state().requests.total).toBe(2);
});

test('the output folder is checked before the first request', async () => {
  const { apply, sandbox, plan } = await saved();
  const out = join(plan.folder, '..', '..', 'a-file');
  await writeFile(out, 'not a folder');
  await expect(applyPlan({ ...apply, out }).finished).rejects.toMatchObject({
    exitCode: expect.toBeOneOf([4, 8]),
  });
  expect(sandbox.state().requests.total).toBe(0);
});

test('results go where they were asked to go, and tell which run they are of', async () => {
  const { apply, plan } = await saved();
  const out = join(plan.folder, '..', '..', 'results');
  const { files } = await applyPlan({ ...apply, out }).finished;
  expect(files.resultsCsv).toBe(join(out, 'results.csv'));
  const rows = (await readFile(files.resultsNdjson, 'utf8')).trimEnd().split('\n');
  expect(rows.map((row) => JSON.parse(row) as unknown)).toEqual([
    expect.objectContaining({ id: '8a4f94e736', outcome: 'deleted', runId: plan.runId }),
    expect.objectContaining({ id: '8a4f94e737', outcome: 'deleted', runId: plan.runId }),
  ]);
});
