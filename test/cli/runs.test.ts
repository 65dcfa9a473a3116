/** The history of runs, with the real program and real kills. */
import { readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { findInRuns, planPurge } from '../../src/index.ts';
import { carriedOutRun } from '../helpers/run-files.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { newPurge, videoIds } from '../e2e/purge-process.ts';
import { runProgram, startProgram, type Ended } from './process.ts';

const DAY_MS = 86_400_000;
const ID = 'abcdef01';

interface Desk {
  readonly stateDir: string;
  readonly runs: (...args: readonly string[]) => Promise<Ended>;
  /** A finished run that ended so many days ago. */
  readonly ran: (days: number, job?: string) => Promise<string>;
}

async function newDesk(env: Readonly<Record<string, string>> = {}): Promise<Desk> {
  const stateDir = await temporaryFolder();
  return {
    stateDir,
    runs: (...args) => runProgram(['runs', ...args], { TAVUS_PURGE_STATE_DIR: stateDir, ...env }),
    ran: (days, job) =>
      carriedOutRun(stateDir, [{ id: ID }], {
        endedAt: Date.now() - days * DAY_MS,
        ...(job === undefined ? {} : { job }),
      }),
  };
}

function left(stateDir: string): readonly string[] {
  return readdirSync(join(stateDir, 'runs'));
}

/** Those that are not being removed. */
function countRuns(stateDir: string): number {
  return left(stateDir).filter((name) => !name.startsWith('.')).length;
}

describe('the whole way', () => {
  test('from a run with trigger and reason to its pruned memory, which still skips what was deleted', async () => {
    const at = await newPurge();
    const ids = videoIds(3);
    const manifest = await at.manifest(ids);
    const { runId, confirm } = await at.plan(manifest);
    const applied = await at.run(
      'apply',
      runId,
      '--confirm',
      confirm,
      '--trigger',
      'manual',
      '--reason',
      'T-1',
    );
    expect(applied.code, applied.stderr).toBe(0);
    expect(await at.summary(runId)).toMatchObject({ job: null, trigger: 'manual', reason: 'T-1' });
    const shown = await at.run('runs', 'show', runId);
    expect(shown.stdout).toMatch(/trigger +manual\n +reason +T-1/);

    const found = await at.run('runs', 'find', ids[1] ?? '');
    expect(found).toMatchObject({ code: 0, stderr: '' });
    expect(found.stdout).toMatch(new RegExp(`${runId}.*video +soft +deleted`));

    // The newest run always stays where a number is given.
    expect((await at.run('runs', 'prune', '--keep-runs', '1')).stdout).toContain('1 run stays');
    const again = await at.run('plan', manifest, '--detailed-exitcode');
    expect(again.code, again.stderr).toBe(0);
    expect(again.stdout).toContain('3 deleted before');
  });
});

describe('runs list', () => {
  test('shows jobs where there is one, and takes filters', async () => {
    const { runs, ran } = await newDesk();
    const nightly = (await ran(3, 'nightly')).slice(-22);
    const byHand = (await ran(1)).slice(-22);
    const both = await runs('list');
    expect(both.stdout).toMatch(/^run +job +state/);
    expect(both.stdout).toMatch(new RegExp(`${nightly} +nightly +finished`));
    const ofJob = await runs('list', '--job', 'nightly', '--state', 'finished', '--state', 'stopped');
    expect(ofJob.stdout).toContain(nightly);
    expect(ofJob.stdout).not.toContain(byHand);
    const since = JSON.parse((await runs('--since', '2d', '--json')).stdout);
    expect(since).toMatchObject([{ runId: byHand }]);
    expect((await runs('--job', 'weekly')).stdout).toContain('No run is like that');
    expect((await runs('--since', '2999-01-01', '--json')).stdout.trim()).toBe('[]');
  });

  test.each([
    ['list', '--keep-runs', '3'],
    ['find', ID, '--since', '7d'],
    ['prune', '--keep-runs', '3', '--state', 'finished'],
    ['prune', '--dry-run'],
  ])(
    'an option of another action, or no limit, is exit 2 with the next step: runs %s %s',
    async (...args) => {
      const { runs } = await newDesk();
      const { code, stdout, stderr } = await runs(...args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain('next: ');
    },
  );
});

describe('runs find', () => {
  test('of an ID that no run knows says so and is exit 0; for scripts it is an empty list', async () => {
    const { runs, ran } = await newDesk();
    await ran(1);
    const { code, stdout, stderr } = await runs('find', 'abcdef99');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('knows the ID "abcdef99"');
    expect((await runs('find', 'abcdef99', '--json')).stdout).toBe('[]\n');
  });

  test('does not hide a run for the kind that the environment gives to manifests', async () => {
    const { runs, ran } = await newDesk({ TAVUS_PURGE_KIND: 'replica' });
    await ran(1);
    expect(JSON.parse((await runs('find', ID, '--json')).stdout)).toHaveLength(1);
    expect(JSON.parse((await runs('find', ID, '--kind', 'replica', '--json')).stdout)).toEqual([]);
  });

  test('never repeats what looks like a key', async () => {
    const { runs } = await newDesk();
    const key = 'a1b2c3d4e5f6a7b8c9d0e1f2';
    const { stdout, stderr } = await runs('find', key);
    expect(stdout + stderr).not.toContain(key);
  });
});

describe('runs prune', () => {
  test('shows with --dry-run what would go, then removes just that and says so', async () => {
    const { stateDir, runs, ran } = await newDesk();
    const old = (await ran(40, 'nightly')).slice(-22);
    const young = (await ran(3, 'nightly')).slice(-22);
    await ran(50);
    const limits = ['prune', '--keep-days', '30', '--job', 'nightly'];
    const dry = await runs(...limits, '--dry-run');
    expect(dry).toMatchObject({ code: 0, stderr: '' });
    expect(dry.stdout).toMatch(
      new RegExp(`${old} +nightly +30 days old or more\nWould remove 1 run; 1 run stays`),
    );
    expect(left(stateDir)).toHaveLength(3);
    const done = await runs(...limits, '--json');
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(
      JSON.parse(done.stdout)
        .map((run: { action: string }) => run.action)
        .toSorted(),
    ).toEqual(['kept', 'removed']);
    expect(left(stateDir)).toContain(young);
    expect(left(stateDir)).toHaveLength(2);
    expect((await runs(...limits)).stdout).toContain('Nothing is to be removed');
  });

  test('killed at any moment loses nothing that the ledger must know, and is ended by the next one', async () => {
    const { stateDir, runs } = await newDesk();
    const endedAt = Date.now() - 40 * DAY_MS;
    const ids = videoIds(20);
    const ran = ids.map((id) => carriedOutRun(stateDir, [{ id }], { endedAt }));
    await Promise.all(ran);
    const args = ['runs', 'prune', '--keep-days', '30', '--state-dir', stateDir];
    for (const moreMs of [0, 3, 9]) {
      const before = countRuns(stateDir);
      if (before === 0) break;
      const { child, ended } = startProgram(args, {});
      while (child.exitCode === null && countRuns(stateDir) === before) await sleep(1);
      await sleep(moreMs);
      child.kill('SIGKILL');
      await ended;
      expect(countRuns(stateDir)).toBeLessThan(before);
      for (const id of ids)
        expect(await findInRuns({ stateDir, id })).toMatchObject([{ outcome: 'deleted' }]);
    }
    expect(await runs('prune', '--keep-days', '30')).toMatchObject({ code: 0, stderr: '' });
    // A killed process may leave the folder with which it asked whose folder this is. It must be empty to go this way.
    const asked = left(stateDir).filter((name) => name.startsWith('.tavus-purge-'));
    for (const name of asked) rmdirSync(join(stateDir, 'runs', name));
    expect(left(stateDir)).toEqual([]);
    const manifest = join(stateDir, 'ids.csv');
    writeFileSync(manifest, `video_id\n${ids.join('\n')}\n`);
    const { header } = await planPurge({ manifests: [manifest], stateDir });
    expect(header).toMatchObject({ planned: 0, skipped: { deleted_before: ids.length } });
  });
});
