import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { LifeStart } from '../../src/ports.ts';
import { openDatabase } from '../../src/store/open-database.ts';
import { RunFile } from '../../src/store/run-file.ts';
import { SqliteRunJournal } from '../../src/store/run-journal.ts';
import { RUN_FORMAT } from '../../src/store/run-schema.ts';
import type { Verdict } from '../../src/types.ts';
import { openRun } from '../helpers/run-files.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const LIFE: Omit<LifeStart, 'settings'> = {
  startedAt: 1_000,
  keyFingerprint: '01234567',
  toolVersion: '0.1.0',
  holdFiles: [],
};

const LOST: Verdict = {
  applied: 'maybe',
  next: 'retry',
  outcome: 'unknown',
  effect: { type: 'breaker' },
  status: 503,
  detail: 'Service Unavailable',
  retryAfterMs: null,
};
const THROTTLED: Verdict = { ...LOST, applied: 'no', status: 429, effect: { type: 'throttle' } };
const ONCE = { attempts: 1, firstSentAt: 1_500 };
const DELETED = { outcome: 'deleted', detail: '', status: 200, finishedAt: 2_000 } as const;

async function startedRun(
  count = 3,
): Promise<{ run: RunFile; journal: ReturnType<RunFile['journal']>; rows: number[] }> {
  const ids = Array.from({ length: count }, (_, index) => ({ id: `abcdef${index}` }));
  const run = await openRun(await temporaryFolder(), ids);
  onTestFinished(() => run.close());
  const journal = run.journal();
  await journal.startLife({ ...LIFE, settings: run.header.settings });
  return { run, journal, rows: journal.pending(-1, 1_000).map(({ row }) => row) };
}

describe('the journal of a run', () => {
  test('counts an attempt without a recorded end as one that may have been applied', async () => {
    const { run, journal, rows } = await startedRun();
    await journal.begin(rows[0] ?? 0, 1, 1_500);
    run.close();

    using again = new RunFile(run.folder, { readOnly: false });
    const [first, second] = again.journal().pending(-1, 10);
    expect(first?.history).toMatchObject({ attempts: 1, mayBeApplied: true, firstSentAt: 1_500 });
    expect(second?.history).toMatchObject({ attempts: 0, mayBeApplied: false, firstSentAt: null });
    expect(again.record().totals()).toMatchObject({ requests: 1, counts: { unknown: 1, not_attempted: 2 } });
  });

  test('takes an answer that proves nothing was done for what it is', async () => {
    const { run, journal, rows } = await startedRun();
    await journal.begin(rows[0] ?? 0, 1, 1_500);
    await journal.end(rows[0] ?? 0, 1, THROTTLED, 1_600);
    expect(journal.pending(-1, 1)[0]?.history).toMatchObject({ mayBeApplied: false, lastStatus: 429 });
    expect(run.record().totals()).toMatchObject({ rateLimited: 1, counts: { unknown: 0, not_attempted: 3 } });
  });

  test('never hands out a row with a final outcome again', async () => {
    const { journal, rows } = await startedRun();
    await journal.begin(rows[1] ?? 0, 1, 1_500);
    await journal.finish(rows[1] ?? 0, DELETED, ONCE);
    expect(journal.pending(-1, 10).map(({ row }) => row)).toEqual([rows[0], rows[2]]);
    expect(journal.pending(rows[0] ?? 0, 10).map(({ row }) => row)).toEqual([rows[2]]);
    expect(journal.pendingCount()).toBe(2);
  });

  test('counts a withdrawn attempt as no request, and its number is free again', async () => {
    const { run, journal, rows } = await startedRun();
    const row = rows[0] ?? 0;
    await journal.begin(row, 1, 1_500);
    await journal.withdraw(row, 1);
    expect(journal.pending(-1, 1)[0]?.history.attempts).toBe(0);
    await journal.begin(row, 1, 1_700);
    await journal.finish(row, DELETED, ONCE);
    expect(run.record().totals()).toMatchObject({ requests: 1, retries: 0 });
  });

  test('keeps what was sent for a row over all lives with its outcome', async () => {
    const { run, journal, rows } = await startedRun();
    const row = rows[0] ?? 0;
    await journal.begin(row, 1, 1_500);
    await journal.end(row, 1, LOST, 1_600);
    await journal.startLife({ ...LIFE, startedAt: 5_000, settings: run.header.settings });
    await journal.begin(row, 2, 5_500);
    await journal.finish(row, { ...DELETED, finishedAt: 5_600 }, { attempts: 2, firstSentAt: 1_500 });
    const [first] = run.record().deletions();
    expect(first).toMatchObject({
      history: { attempts: 2, firstSentAt: 1_500 },
      final: { outcome: 'deleted', finishedAt: 5_600 },
    });
    expect(run.record().totals()).toMatchObject({ requests: 2, retries: 1 });
  });

  test('charges the retry budget for retries of one life, not for 429 answers and not for a resumed row', async () => {
    const { run, journal, rows } = await startedRun();
    const [first = 0, second = 0, third = 0] = rows;
    await journal.begin(first, 1, 1);
    await journal.end(first, 1, LOST, 2);
    await journal.begin(first, 2, 3);
    await journal.begin(second, 1, 4);
    await journal.end(second, 1, THROTTLED, 5);
    await journal.begin(second, 2, 6);
    await journal.begin(third, 1, 7);
    await journal.end(third, 1, LOST, 8);
    await journal.startLife({ ...LIFE, settings: run.header.settings });
    await journal.begin(third, 2, 9);
    expect(journal.retriesCharged()).toBe(1);
  });

  test('tells when requests of the last window were sent, also after the clock jumped back', async () => {
    const { journal, rows } = await startedRun();
    await journal.begin(rows[0] ?? 0, 1, 500);
    await journal.end(rows[0] ?? 0, 1, LOST, 1_100);
    await journal.begin(rows[1] ?? 0, 1, 600);
    await journal.finish(rows[1] ?? 0, { ...DELETED, finishedAt: 1_200 }, ONCE);
    await journal.begin(rows[2] ?? 0, 1, 9_000);
    const rate = { count: 5, windowMs: 1_000 };
    // A request may leave long after its intent, on a slow disk, but not after its end; one from the future left just now.
    expect(journal.recentlySent(2_000, rate)).toEqual([1_100, 1_200, 2_000]);
    expect(journal.recentlySent(2_000, { ...rate, count: 1 })).toEqual([2_000]);
    expect(journal.recentlySent(2_150, rate)).toEqual([1_200, 2_150]);
  });

  test('keeps the longest pause that an answer asked for, of whichever attempt', async () => {
    const { run, journal, rows } = await startedRun();
    const [first = 0, second = 0, third = 0] = rows;
    expect(journal.notBefore()).toBeNull();
    await journal.begin(first, 1, 1_000);
    await journal.end(first, 1, { ...THROTTLED, retryAfterMs: 5_000 }, 1_100);
    await journal.begin(second, 1, 1_200);
    await journal.finish(second, { ...DELETED, finishedAt: 1_300 }, ONCE);
    expect(journal.notBefore()).toBe(6_100);
    await journal.begin(third, 1, 1_400);
    await journal.finish(third, { ...DELETED, finishedAt: 1_500 }, ONCE, 60_000);
    await journal.begin(first, 2, 1_600);
    await journal.end(first, 2, { ...THROTTLED, retryAfterMs: 1_000 }, 1_700);
    run.close();

    using again = new RunFile(run.folder, { readOnly: false });
    expect(again.journal().notBefore()).toBe(61_500);
  });

  test('finds the pause that an earlier version kept with its answer', async () => {
    const path = join(await temporaryFolder(), 'run.db');
    const old = openDatabase(path, { ...RUN_FORMAT, migrations: RUN_FORMAT.migrations.slice(0, 1) });
    old.exec(
      "INSERT INTO answer VALUES (0, 1, 1000, 'no', 429, '', 6000), (1, 1, 1000, 'no', 503, '', NULL)",
    );
    old.close();
    using db = openDatabase(path, RUN_FORMAT);
    expect(new SqliteRunJournal(db).notBefore()).toBe(6_000);
  });

  test('makes what many workers record at once durable with few commits, in order', async () => {
    const { run, journal, rows } = await startedRun(500);
    const order: number[] = [];
    await Promise.all(
      rows.map(async (row) => {
        await journal.begin(row, 1, 1_000);
        order.push(row);
      }),
    );
    expect(order).toEqual(rows);
    expect(run.record().totals().requests).toBe(500);
  });

  test('rejects everything after a write that failed', async () => {
    const { journal, rows } = await startedRun();
    await journal.begin(rows[0] ?? 0, 1, 1_000);
    const clash = journal.begin(rows[0] ?? 0, 1, 1_000);
    await expect(clash).rejects.toMatchObject({ kind: 'storage', exitCode: 8 });
    await expect(journal.begin(rows[1] ?? 0, 1, 1_000)).rejects.toMatchObject({ kind: 'storage' });
    await expect(journal.flush()).rejects.toMatchObject({ kind: 'storage' });
  });
});
