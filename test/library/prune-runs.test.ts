import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { findInRuns, planPurge, pruneRuns, type PrunedRun, type PruneOptions } from '../../src/index.ts';
import { readJobHistory } from '../../src/store/job-history.ts';
import { openLedgerFile } from '../../src/store/ledger-file.ts';
import { SqliteLedger } from '../../src/store/ledger.ts';
import { keepPrunedRun } from '../../src/store/pruned-runs.ts';
import { RunFile } from '../../src/store/run-file.ts';
import { runLock, takeLock } from '../../src/store/target-lock.ts';
import { carriedOutRun, saveRun } from '../helpers/run-files.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const ID = 'abcdef01';
const OTHER = 'abcdef02';
const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 10, 22);

const prune = (stateDir: string, more: Partial<PruneOptions> = {}): Promise<readonly PrunedRun[]> =>
  pruneRuns({ stateDir, keep: { runs: null, days: 30 }, now: () => NOW, ...more });

const daysAgo = (days: number): number => NOW - days * DAY_MS;

const createdAt = (days: number) => ({ createdAt: new Date(daysAgo(days)).toISOString() });

const remains = (stateDir: string): readonly string[] => readdirSync(join(stateDir, 'runs'));

test('old finished runs go, newer ones and their number stay, and each is told with why', async () => {
  const stateDir = await temporaryFolder();
  const old = await carriedOutRun(stateDir, [{ id: ID }], { job: 'nightly', endedAt: daysAgo(40) });
  const young = await carriedOutRun(stateDir, [{ id: ID }], { endedAt: daysAgo(3) });
  const runs = await prune(stateDir);
  expect(runs.find(({ folder }) => folder === old)).toEqual({
    runId: basename(old),
    folder: old,
    job: 'nightly',
    action: 'removed',
    why: '30 days old or more',
  });
  expect(runs.find(({ folder }) => folder === young)).toMatchObject({
    action: 'kept',
    why: 'younger than 30 days',
  });
  expect(remains(stateDir)).toEqual([basename(young)]);
});

test('only runs of the job are counted and removed', async () => {
  const stateDir = await temporaryFolder();
  const mine = [50, 45, 40];
  for (const days of mine)
    await carriedOutRun(stateDir, [{ id: ID }], { job: 'nightly', endedAt: daysAgo(days) });
  const others = await carriedOutRun(stateDir, [{ id: ID }], { job: 'weekly', endedAt: daysAgo(60) });
  const runs = await prune(stateDir, { job: 'nightly', keep: { runs: 1, days: null } });
  expect(runs.map(({ action }) => action).toSorted()).toEqual(['kept', 'removed', 'removed']);
  expect(remains(stateDir)).toContain(basename(others));
  expect(remains(stateDir)).toHaveLength(2);
});

test('with dryRun nothing changes, a removal that was cut off included', async () => {
  const stateDir = await temporaryFolder();
  const old = await carriedOutRun(stateDir, [{ id: ID }], { endedAt: daysAgo(40) });
  mkdirSync(join(stateDir, 'runs', '.pruning-20260101-000000-abcdef'));
  const before = remains(stateDir);
  expect(await prune(stateDir, { dryRun: true })).toMatchObject([{ folder: old, action: 'would_remove' }]);
  expect(remains(stateDir)).toEqual(before);
  expect(existsSync(join(stateDir, 'ledger.db'))).toBe(false);
});

test.each([
  { runs: null, days: null },
  { runs: 0, days: null },
  { runs: null, days: 1.5 },
  { runs: -1, days: 3 },
  { runs: Number.NaN, days: null },
])('is refused without a limit, or with one that is none: %j', async (keep) => {
  const stateDir = await temporaryFolder();
  await expect(prune(stateDir, { keep })).rejects.toMatchObject({
    exitCode: 2,
    next: expect.stringContaining('--keep-runs'),
  });
});

test('a state folder without runs has nothing to prune', async () => {
  expect(await prune(join(await temporaryFolder(), 'none'))).toEqual([]);
});

describe('stays', () => {
  test.each(['killed', 'unreported'] as const)('a run that is not finished: %s', async (end) => {
    const stateDir = await temporaryFolder();
    await carriedOutRun(stateDir, [{ id: ID }, { id: OTHER }], { endedAt: daysAgo(400), deleted: 1, end });
    expect(await prune(stateDir)).toMatchObject([{ action: 'kept', why: 'not finished' }]);
    expect(remains(stateDir)).toHaveLength(1);
  });

  test('a plan that was never applied, until it is 30 days old', async () => {
    const stateDir = await temporaryFolder();
    const young = await saveRun(stateDir, [{ id: ID }], createdAt(29));
    const old = await saveRun(stateDir, [{ id: ID }], { ...createdAt(31), refused: ['too many'] });
    const runs = await prune(stateDir, { keep: { runs: null, days: 1 } });
    const actionOf = (folder: string) => runs.find((run) => run.folder === folder)?.action;
    expect([actionOf(young), actionOf(old)]).toEqual(['kept', 'removed']);
    const findings = await findInRuns({ stateDir, id: ID });
    expect(findings.map(({ outcome }) => outcome)).toEqual(['would_delete', 'would_delete']);
    expect(findings.map(({ folder }) => folder)).toEqual(expect.arrayContaining([young, null]));
  });

  test('a run that somebody works on', async () => {
    const stateDir = await temporaryFolder();
    const folder = await carriedOutRun(stateDir, [{ id: ID }], { endedAt: daysAgo(40) });
    using _ = takeLock(runLock(basename(folder), folder), { runId: basename(folder), since: '' });
    expect(await prune(stateDir)).toMatchObject([{ action: 'kept', why: 'somebody works on it' }]);
    expect(existsSync(join(folder, 'run.db'))).toBe(true);
  });

  test('a run that cannot be read, and it is told', async () => {
    const stateDir = await temporaryFolder();
    const folder = await carriedOutRun(stateDir, [{ id: ID }], { endedAt: daysAgo(40) });
    writeFileSync(join(folder, 'run.db'), 'x'.repeat(5_000));
    const unreadable: string[] = [];
    expect(await prune(stateDir, { onUnreadable: (each) => unreadable.push(each) })).toEqual([]);
    expect(unreadable).toEqual([folder]);
    expect(existsSync(folder)).toBe(true);
  });

  test('a copy of a run under another name', async () => {
    const stateDir = await temporaryFolder();
    const folder = await carriedOutRun(stateDir, [{ id: ID }], { endedAt: daysAgo(40) });
    renameSync(folder, join(stateDir, 'runs', '20260101-000000-abcdef'));
    expect(await prune(stateDir)).toMatchObject([{ action: 'kept' }]);
  });

  test('a run behind a link, and what the link leads to', async () => {
    const stateDir = await temporaryFolder();
    const folder = await carriedOutRun(stateDir, [{ id: ID }], { endedAt: daysAgo(40) });
    const elsewhere = join(stateDir, 'elsewhere');
    renameSync(folder, elsewhere);
    symlinkSync(elsewhere, folder);
    expect(await prune(stateDir)).toMatchObject([{ action: 'failed', why: expect.stringContaining('link') }]);
    expect(existsSync(join(elsewhere, 'run.db'))).toBe(true);
  });

  test('a run that the ledger could not keep whole', async () => {
    const stateDir = await temporaryFolder();
    const ids = [{ id: ID }, { id: OTHER }];
    const folder = await carriedOutRun(stateDir, ids, { endedAt: daysAgo(40) });
    {
      using db = new DatabaseSync(join(folder, 'run.db'));
      db.exec(`DELETE FROM entry WHERE id = '${OTHER}'`);
    }
    expect(await prune(stateDir)).toMatchObject([
      { action: 'failed', why: expect.stringContaining('1 of 2') },
    ]);
    expect(await findInRuns({ stateDir, id: ID })).toMatchObject([{ folder }]);
    expect(existsSync(join(folder, 'run.db'))).toBe(true);
  });

  test('every run, when the ledger cannot be used', async () => {
    const stateDir = await temporaryFolder();
    const folder = await carriedOutRun(stateDir, [{ id: ID }], { endedAt: daysAgo(40) });
    writeFileSync(join(stateDir, 'ledger.db'), 'this is no database'.repeat(100));
    await expect(prune(stateDir)).rejects.toMatchObject({ exitCode: 8 });
    expect(existsSync(join(folder, 'run.db'))).toBe(true);
  });
});

describe('the ledger still knows', () => {
  test('what a pruned run deleted, though it never was brought up to date before', async () => {
    const stateDir = await temporaryFolder();
    const folder = await carriedOutRun(stateDir, [{ id: ID }, { id: OTHER }], {
      endedAt: daysAgo(40),
      deleted: 1,
    });
    await prune(stateDir);
    expect(remains(stateDir)).toEqual([]);
    using ledger = new SqliteLedger(stateDir, 'https://tavusapi.com', () => {});
    expect(ledger.find('video', ID)).toMatchObject({ runId: basename(folder), at: daysAgo(40) - 400 });
    expect(ledger.find('video', OTHER)).toBeUndefined();
    const manifest = join(stateDir, 'ids.csv');
    writeFileSync(manifest, `id,kind\n${ID},video\n${OTHER},video\n`);
    const { header } = await planPurge({ manifests: [manifest], stateDir });
    expect(header).toMatchObject({ planned: 1, skipped: { deleted_before: 1 } });
  });

  test('how much its job carried out', async () => {
    const stateDir = await temporaryFolder();
    await carriedOutRun(stateDir, [{ id: ID }, { id: OTHER }], { job: 'nightly', endedAt: daysAgo(40) });
    await prune(stateDir);
    expect(readJobHistory(stateDir, 'nightly')).toMatchObject({ planned: [2], lastSuccessAt: daysAgo(40) });
  });
});

describe('a removal that was cut off', () => {
  test('before the folder was renamed is made again, and nothing is found twice', async () => {
    const stateDir = await temporaryFolder();
    const folder = await carriedOutRun(stateDir, [{ id: ID }], { endedAt: daysAgo(40) });
    {
      using run = new RunFile(folder, { readOnly: true });
      using db = openLedgerFile(stateDir);
      keepPrunedRun(db, run, NOW);
    }
    expect(await findInRuns({ stateDir, id: ID })).toMatchObject([{ folder }]);
    expect(await prune(stateDir)).toMatchObject([{ action: 'removed' }]);
    expect(await findInRuns({ stateDir, id: ID })).toMatchObject([{ folder: null, outcome: 'deleted' }]);
  });

  test('after that is ended by the next one, however much is left of the folder', async () => {
    const stateDir = await temporaryFolder();
    const folder = await carriedOutRun(stateDir, [{ id: ID }], { endedAt: daysAgo(40) });
    {
      using run = new RunFile(folder, { readOnly: true });
      using db = openLedgerFile(stateDir);
      keepPrunedRun(db, run, NOW);
    }
    const doomed = join(stateDir, 'runs', `.pruning-${basename(folder)}`);
    renameSync(folder, doomed);
    rmSync(join(doomed, 'run.db'));
    writeFileSync(join(doomed, 'log.ndjson'), '');
    expect(await prune(stateDir)).toEqual([]);
    expect(remains(stateDir)).toEqual([]);
    expect(await findInRuns({ stateDir, id: ID })).toMatchObject([{ folder: null, outcome: 'deleted' }]);
  });

  test('is told from what only looks like it', async () => {
    const stateDir = await temporaryFolder();
    await carriedOutRun(stateDir, [{ id: ID }], { endedAt: daysAgo(1) });
    const elsewhere = join(stateDir, 'elsewhere');
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, 'precious'), '');
    symlinkSync(elsewhere, join(stateDir, 'runs', '.pruning-20260101-000000-abcdef'));
    mkdirSync(join(stateDir, 'runs', '.pruning-mine'));
    await prune(stateDir);
    expect(remains(stateDir)).toHaveLength(3);
    expect(existsSync(join(elsewhere, 'precious'))).toBe(true);
  });
});

test('a run that somebody begins to work on while it is looked at stays', async () => {
  const stateDir = await temporaryFolder();
  const plan = await saveRun(stateDir, [{ id: ID }], createdAt(40));
  // Asked for after the runs were looked at.
  const now = (): number => {
    using db = new DatabaseSync(join(plan, 'run.db'));
    db.exec(`INSERT OR IGNORE INTO life (n, started_at, key_fingerprint, settings, tool_version, hold_files)
             VALUES (1, ${NOW}, 'x', '{}', '0.1.0', '[]')`);
    return NOW;
  };
  expect(await prune(stateDir, { now })).toMatchObject([
    { action: 'kept', why: 'somebody began to work on it' },
  ]);
  expect(remains(stateDir)).toEqual([basename(plan)]);
});
