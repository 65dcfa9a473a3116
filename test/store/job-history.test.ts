import { basename, join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readJobHistory, recordJobRun, type JobRunRecord } from '../../src/store/job-history.ts';
import { openLedgerFile } from '../../src/store/ledger-file.ts';
import { SqliteLedger } from '../../src/store/ledger.ts';
import { numberFrom } from '../../src/store/open-database.ts';
import { carriedOutRun } from '../helpers/run-files.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const NIGHT_MS = 86_400_000;
const FIRST = Date.UTC(2026, 0, 2, 3);

/** The nth night of the job: it planned this much, and carried it out unless told otherwise. */
function night(n: number, planned: number, more: Partial<JobRunRecord> = {}): JobRunRecord {
  const startedAt = FIRST + n * NIGHT_MS;
  const runs = [{ runId: `run-${n}`, planned, complete: true }];
  return { job: 'nightly', startedAt, endedAt: startedAt + 60_000, exitCode: 0, runs, ...more };
}

function rows(stateDir: string): number {
  using db = openLedgerFile(stateDir);
  return numberFrom(db.prepare("SELECT count(*) FROM job_run WHERE job = 'nightly'"));
}

test('a job that never ran has no history, with or without a state folder', async () => {
  const stateDir = await temporaryFolder();
  const nothing = { lastStartAt: null, lastSuccessAt: null, lastExitCode: null, planned: [], newestAt: null };
  expect(readJobHistory(join(stateDir, 'none'), 'nightly')).toEqual(nothing);
  recordJobRun(stateDir, night(1, 10, { job: 'other' }));
  expect(readJobHistory(stateDir, 'nightly')).toEqual({ ...nothing, newestAt: FIRST + NIGHT_MS + 60_000 });
});

test('the history has the last ten amounts that were carried out, the newest first', async () => {
  const stateDir = await temporaryFolder();
  for (let n = 1; n <= 12; n += 1) recordJobRun(stateDir, night(n, n * 10));
  expect(readJobHistory(stateDir, 'nightly')).toEqual({
    lastStartAt: FIRST + 12 * NIGHT_MS,
    lastSuccessAt: FIRST + 12 * NIGHT_MS + 60_000,
    lastExitCode: 0,
    planned: [120, 110, 100, 90, 80, 70, 60, 50, 40, 30],
    newestAt: FIRST + 12 * NIGHT_MS + 60_000,
  });
});

describe('no amount to measure growth by is', () => {
  test.each([
    ['a plan that was refused', { exitCode: 4, runs: [{ runId: 'r', planned: 900, complete: false }] }],
    ['a run that waits for resume', { exitCode: 5, runs: [{ runId: 'r', planned: 900, complete: false }] }],
    ['an empty plan', { exitCode: 0, runs: [{ runId: 'r', planned: 0, complete: true }] }],
    ['a night on which nothing was done', { exitCode: 0, runs: [] }],
  ])('%s', async (_what, more) => {
    const stateDir = await temporaryFolder();
    recordJobRun(stateDir, night(1, 10));
    recordJobRun(stateDir, night(2, 0, more));
    const history = readJobHistory(stateDir, 'nightly');
    expect(history.planned).toEqual([10]);
    expect(history).toMatchObject({ lastStartAt: FIRST + 2 * NIGHT_MS, lastExitCode: more.exitCode });
  });
});

test('a run that was continued on another night counts once, where it ended', async () => {
  const stateDir = await temporaryFolder();
  const part = { runId: 'cut', planned: 50 };
  recordJobRun(stateDir, night(1, 0, { exitCode: 5, runs: [{ ...part, complete: false }] }));
  const runs = [
    { ...part, complete: true },
    { runId: 'new', planned: 7, complete: true },
  ];
  recordJobRun(stateDir, night(2, 0, { runs }));
  expect(readJobHistory(stateDir, 'nightly').planned.toSorted((a, b) => a - b)).toEqual([7, 50]);
});

test('a start that never ended is known, and said anew when it has ended', async () => {
  const stateDir = await temporaryFolder();
  recordJobRun(stateDir, night(1, 10));
  const started = night(2, 0, { endedAt: null, exitCode: null, runs: [] });
  recordJobRun(stateDir, started);
  expect(readJobHistory(stateDir, 'nightly')).toMatchObject({
    lastStartAt: started.startedAt,
    lastSuccessAt: FIRST + NIGHT_MS + 60_000,
    lastExitCode: 0,
  });
  recordJobRun(stateDir, night(2, 11));
  expect(readJobHistory(stateDir, 'nightly').planned).toEqual([11, 10]);
  expect(rows(stateDir)).toBe(2);
});

test('a job that finds nothing to do every minute does not fill the disk, and its last times stay true', async () => {
  const stateDir = await temporaryFolder();
  const codes = fc.array(fc.constantFrom(0, 2, 4, 7), { minLength: 1, maxLength: 15 });
  await fc.assert(
    fc.asyncProperty(codes, fc.uuid(), async (exitCodes, job) => {
      exitCodes.forEach((exitCode, n) => recordJobRun(stateDir, night(n, 0, { job, exitCode, runs: [] })));
      const success = exitCodes.lastIndexOf(0);
      expect(readJobHistory(stateDir, job)).toMatchObject({
        lastStartAt: FIRST + (exitCodes.length - 1) * NIGHT_MS,
        lastSuccessAt: success === -1 ? null : FIRST + success * NIGHT_MS + 60_000,
        lastExitCode: exitCodes.at(-1),
      });
    }),
    { numRuns: 15 },
  );
  for (let n = 0; n < 20; n += 1) recordJobRun(stateDir, night(n, 0, { exitCode: n % 2, runs: [] }));
  expect(rows(stateDir)).toBe(2);
});

describe('a run of a job that nobody recorded as one', () => {
  test('is taken from its folder: it was continued by hand, or the ledger was lost', async () => {
    const stateDir = await temporaryFolder();
    const ids = [{ id: 'abcdef01' }, { id: 'abcdef02' }];
    await carriedOutRun(stateDir, ids, { job: 'nightly', endedAt: FIRST, deleted: 1 });
    await carriedOutRun(stateDir, ids, { endedAt: FIRST + 1 });
    await carriedOutRun(stateDir, ids, { job: 'nightly', endedAt: FIRST + 2, deleted: 1, end: 'killed' });
    expect(readJobHistory(stateDir, 'nightly')).toEqual({
      lastStartAt: FIRST - 1_000,
      lastSuccessAt: null,
      lastExitCode: 3,
      planned: [2],
      newestAt: FIRST,
    });
  });

  test('is not counted a second time when it is recorded after all', async () => {
    const stateDir = await temporaryFolder();
    const folder = await carriedOutRun(stateDir, [{ id: 'abcdef01' }], { job: 'nightly', endedAt: FIRST });
    new SqliteLedger(stateDir, 'https://tavusapi.com', () => {}).close();
    const runs = [{ runId: basename(folder), planned: 1, complete: true }];
    recordJobRun(stateDir, night(0, 0, { runs }));
    expect(readJobHistory(stateDir, 'nightly').planned).toEqual([1]);
    expect(rows(stateDir)).toBe(1);
  });
});

test('a ledger of the first version is brought up to date with what it holds', async () => {
  const stateDir = await temporaryFolder();
  await carriedOutRun(stateDir, [{ id: 'abcdef01' }], { endedAt: FIRST });
  new SqliteLedger(stateDir, 'https://tavusapi.com', () => {}).close();
  {
    using db = openLedgerFile(stateDir);
    db.exec('DROP TABLE job_run; DROP TABLE pruned_run; DROP TABLE pruned_entry; PRAGMA user_version = 1');
  }
  recordJobRun(stateDir, night(1, 5));
  expect(readJobHistory(stateDir, 'nightly').planned).toEqual([5]);
  using ledger = new SqliteLedger(stateDir, 'https://tavusapi.com', () => {});
  expect(ledger.find('video', 'abcdef01')).toBeDefined();
});
