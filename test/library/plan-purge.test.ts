import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { applyPlan, planPurge, type PlanOptions, type SavedPlan } from '../../src/index.ts';
import { startSandbox, type RunningSandbox } from '../../src/sandbox/start-sandbox.ts';
import type { SandboxOptions } from '../../src/sandbox/options.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

interface Desk {
  readonly folder: string;
  readonly stateDir: string;
  readonly plan: (manifest: string, options?: Partial<PlanOptions>) => Promise<SavedPlan>;
}

async function newDesk(): Promise<Desk> {
  const folder = await temporaryFolder();
  const stateDir = join(folder, 'state');
  return {
    folder,
    stateDir,
    async plan(manifest, options = {}) {
      const path = join(folder, 'm.csv');
      await writeFile(path, manifest);
      return planPurge({ manifests: [path], stateDir, ...options });
    },
  };
}

async function newSandbox(options: SandboxOptions = {}): Promise<RunningSandbox> {
  const sandbox = await startSandbox({ acceptAnyId: true, port: 0, ...options });
  onTestFinished(() => sandbox.close());
  return sandbox;
}

describe('a plan', () => {
  test('has videos before replicas, each ID once, and counts what it leaves out', async () => {
    const { plan } = await newDesk();
    const { header, preview } = await plan(
      'id,kind,mode\nrf4e9d9790f0,replica,\n8a4f94e736,video,hard\n8a4f94e736,video,hard\n783537ef50,video,\n',
    );
    expect(preview.first.map(({ id }) => id)).toEqual(['8a4f94e736', '783537ef50', 'rf4e9d9790f0']);
    expect(preview.last).toEqual([]);
    expect(header).toMatchObject({
      mode: 'plan',
      planned: 3,
      duplicates: 1,
      counts: [
        { kind: 'video', mode: 'soft', count: 1 },
        { kind: 'video', mode: 'hard', count: 1 },
        { kind: 'replica', mode: 'soft', count: 1 },
      ],
      estimate: { requests: 3, durationMs: 600 },
    });
    expect(header.warnings).toEqual(['1 deletion cannot be undone: hard is irrevocable.']);
  });

  test('is private and holds what the contract names', async () => {
    const { plan } = await newDesk();
    const { folder, header } = await plan('video_id,reason\n8a4f94e736,=cmd()\n');
    expect((await readdir(folder)).toSorted()).toEqual(['plan.csv', 'plan.json', 'run.db']);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(folder))
      expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(join(folder, 'plan.json'), 'utf8'))).toEqual(header);
    expect(await readFile(join(folder, 'plan.csv'), 'utf8')).toContain('would_delete,,');
    expect(await readFile(join(folder, 'plan.csv'), 'utf8')).toContain("'=cmd()");
  });

  test('refuses one ID with two modes or two kinds, naming both lines, and leaves nothing behind', async () => {
    const { plan, stateDir } = await newDesk();
    await expect(plan('id,kind,mode\n8a4f94e736,video,soft\n8a4f94e736,video,hard\n')).rejects.toMatchObject({
      exitCode: 2,
      details: [
        expect.stringMatching(
          /m\.csv:3:1: "8a4f94e736" is listed as video hard here and as video soft at .*m\.csv:2/,
        ),
      ],
    });
    await expect(
      plan('id,kind\nsame_id-1,video\nsame_id-1,replica\n', { anyIdShape: true, skipInvalid: true }),
    ).rejects.toMatchObject({ exitCode: 2 });
    expect(await readdir(join(stateDir, 'runs'))).toEqual([]);
  });

  test('lists the first 20 problems with their places and counts the rest', async () => {
    const { plan } = await newDesk();
    const bad = Array.from({ length: 25 }, () => 'x!\n').join('');
    await expect(plan(`video_id\n${bad}`)).rejects.toMatchObject({
      message: expect.stringContaining('25 rows'),
      details: expect.toSatisfy(
        (details: string[]) => details.length === 21 && details[20] === '… and 5 more',
      ),
    });
  });

  test('lists invalid rows as skipped when that was asked for, in manifest order', async () => {
    const { plan } = await newDesk();
    const { header, folder } = await plan(
      'id,kind,mode\n../x,video,hard\n8a4f94e736,video,\nrf4e9d9790f0,video,\n',
      { skipInvalid: true },
    );
    expect(header).toMatchObject({ planned: 1, skipped: { invalid: 2, held: 0, deleted_before: 0 } });
    const rows = (await readFile(join(folder, 'plan.csv'), 'utf8')).split('\n');
    expect(rows[2]).toContain('../x,hard,skipped,');
    expect(rows[3]).toContain('rf4e9d9790f0');
  });

  test('of nothing is a plan of nothing, unless that is an error', async () => {
    const { plan } = await newDesk();
    expect((await plan('id,kind\n')).header).toMatchObject({ planned: 0, refused: [] });
    await expect(plan('id,kind\n', { errorOnEmpty: true })).rejects.toMatchObject({ exitCode: 2 });
  });

  test('over a cap is saved, and says why it is refused', async () => {
    const { plan } = await newDesk();
    const { header } = await plan('video_id,mode\n8a4f94e736,hard\n8a4f94e737,hard\n', {
      guards: { maxDeletions: 1, maxHard: 0 },
    });
    expect(header.refused).toHaveLength(2);
  });

  test('leaves out what is on hold, while it is', async () => {
    const { plan, folder } = await newDesk();
    const holds = join(folder, 'holds.csv');
    await writeFile(holds, 'id,until,reason\n8a4f94e736,2999-12-31,lawsuit\n8a4f94e737,2001-01-01,old\n');
    const { header } = await plan('video_id\n8a4f94e736\n8a4f94e737\n', { holds: [holds] });
    expect(header).toMatchObject({ planned: 1, skipped: { held: 1 }, holds: [{ path: holds, entries: 2 }] });
  });

  test('says which hold file it was where the hold gives no reason', async () => {
    const { plan, folder } = await newDesk();
    const holds = join(folder, 'holds.csv');
    await writeFile(holds, 'id\n8a4f94e736\n');
    const { preview } = await plan('video_id\n8a4f94e736\n', { holds: [holds] });
    expect(preview.skipped).toMatchObject([{ why: 'held', detail: `listed in ${holds}` }]);
  });

  test('can be made of standard input', async () => {
    const { stateDir } = await newDesk();
    const stdin = Readable.from([Buffer.from('video_id\n8a4f94e736\n')]);
    const { header } = await planPurge({ manifests: ['-'], stateDir, stdin, format: 'csv' });
    expect(header).toMatchObject({ planned: 1, sources: [{ path: '-' }], files: { sources: ['-'] } });
  });

  test('with look-ups needs a key, and is given up when it is to stop while it looks up', async () => {
    const { plan, stateDir } = await newDesk();
    const manifest = 'video_id\n8a4f94e736\n8a4f94e737\n8a4f94e738\n';
    await expect(plan(manifest, { resolve: true })).rejects.toMatchObject({
      exitCode: 2,
      next: expect.stringContaining('TAVUS_API_KEY'),
    });

    const sandbox = await newSandbox({ latencyMs: [50, 50] });
    const controller = new AbortController();
    const planning = plan(manifest, {
      baseUrl: sandbox.url,
      apiKey: sandbox.apiKey,
      resolve: true,
      settings: { rate: { count: 1, windowMs: 60_000 } },
      signal: controller.signal,
    });
    while (sandbox.state().requests.total === 0) await setTimeout(5);
    controller.abort();
    await expect(planning).rejects.toMatchObject({ exitCode: 5, next: 'plan again' });
    expect(await readdir(join(stateDir, 'runs'))).toEqual([]);
  });

  test('shows what a look-up said of each ID, and changes nothing by it', async () => {
    const sandbox = await newSandbox({ acceptAnyId: false, script: { 'GET 8a4f94e738': ['503'] } });
    const { plan } = await newDesk();
    const known = sandbox.examples(1).videos[0] ?? '';
    const { header, preview } = await plan(`video_id\n${known}\n8a4f94e737\n8a4f94e738\n`, {
      baseUrl: sandbox.url,
      apiKey: sandbox.apiKey,
      resolve: true,
      settings: { rate: { count: 1_000, windowMs: 1_000 } },
    });
    expect(preview.first.map(({ resolution }) => resolution)).toEqual([
      expect.stringMatching(/^present: ".*", \w+, \d+ days old$/),
      expect.stringMatching(/^gone: /),
      expect.stringMatching(/^unknown: /),
    ]);
    expect(header.planned).toBe(3);
    expect(sandbox.state().requests.deletes).toBe(0);
  });
});

describe('what was deleted before', () => {
  test('is skipped, with the run that did it; a soft deletion does not stop a hard one; --again plans it', async () => {
    const sandbox = await newSandbox();
    const { plan, stateDir } = await newDesk();
    const options = { baseUrl: sandbox.url, apiKey: sandbox.apiKey };
    const first = await plan('video_id\n8a4f94e736\n', options);
    await applyPlan({ stateDir, run: first.runId, apiKey: sandbox.apiKey, confirm: first.header.planId })
      .finished;

    const soft = await plan('video_id\n8a4f94e736\n8a4f94e737\n', options);
    expect(soft.header).toMatchObject({ planned: 1, skipped: { deleted_before: 1 } });
    expect(await readFile(join(soft.folder, 'plan.csv'), 'utf8')).toContain(
      `soft-deleted by run ${first.runId}`,
    );
    expect((await plan('video_id,mode\n8a4f94e736,hard\n', options)).header.planned).toBe(1);
    expect((await plan('video_id\n8a4f94e736\n', { ...options, again: true })).header.planned).toBe(1);
    expect((await plan('video_id\n8a4f94e736\n', { baseUrl: 'http://127.0.0.1:1' })).header.planned).toBe(1);
  });
});
