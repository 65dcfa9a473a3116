import { describe, expect, test } from 'vitest';
import { summarize } from '../../src/report/summary.ts';
import type { RecordedDeletion } from '../../src/ports.ts';
import { OUTCOMES } from '../../src/types.ts';
import {
  fakeDeletion,
  fakeRecord,
  fakeSkipped,
  finishedDeletion,
  NEVER_SENT,
  START,
  TOOL,
  type FakeRun,
} from '../helpers/fake-record.ts';

const summaryOf = (run: FakeRun) => summarize(fakeRecord(run), TOOL);
const lost: RecordedDeletion = fakeDeletion(5, {
  history: { ...NEVER_SENT, attempts: 1, mayBeApplied: true, firstSentAt: START + 9000 },
});

test('a summary has the fields of the contract', () => {
  const summary = summaryOf({
    deletions: [finishedDeletion(0, 'deleted'), finishedDeletion(1, 'held')],
    skipped: [fakeSkipped(7), fakeSkipped(8, { why: 'invalid' })],
    header: { duplicates: 3 },
  });
  expect(summary).toEqual({
    schemaVersion: 1,
    tool: TOOL,
    runId: '20260301-100000-abcdef',
    planId: 'a1'.repeat(32),
    target: { baseUrl: 'https://tavusapi.com', keyFingerprint: '0123abcd' },
    complete: true,
    exitCode: 0,
    stopReason: null,
    notBefore: null,
    startedAt: '2026-03-01T10:00:00.000Z',
    finishedAt: '2026-03-01T10:01:00.000Z',
    planned: 2,
    counts: {
      deleted: 1,
      deleted_inferred: 0,
      not_found: 0,
      rejected: 0,
      failed: 0,
      unknown: 0,
      held: 1,
      not_attempted: 0,
    },
    skipped: { held: 1, deleted_before: 0, invalid: 1 },
    duplicates: 3,
    requests: 2,
    retries: 0,
    rateLimited: 0,
    job: null,
    trigger: null,
    reason: null,
    sources: [{ path: 'march.csv', sha256: 'b2'.repeat(32), entries: 2 }],
  });
  expect(Object.keys(summary.counts)).toEqual([...OUTCOMES]);
});

test('a summary names the job, what started its last life, and why', () => {
  const life = { trigger: 'cron', reason: 'nightly sweep' };
  expect(summaryOf({ life, header: { job: 'nightly' } })).toMatchObject({ job: 'nightly', ...life });
});

describe('the exit code', () => {
  test('is 0 for an empty plan', () => {
    expect(summaryOf({})).toMatchObject({ complete: true, exitCode: 0, planned: 0 });
  });

  test.each(['not_found', 'rejected', 'failed', 'unknown'] as const)(
    'is 3 with a final %s row',
    (outcome) => {
      const deletions = [finishedDeletion(0, 'deleted'), finishedDeletion(1, outcome)];
      expect(summaryOf({ deletions })).toMatchObject({ complete: true, exitCode: 3 });
    },
  );

  test('is 0 with not_found rows where the plan allowed them', () => {
    const run = { deletions: [finishedDeletion(0, 'not_found')] };
    const { settings } = fakeRecord().header;
    expect(summaryOf({ ...run, header: { settings: { ...settings, allowNotFound: true } } }).exitCode).toBe(
      0,
    );
  });

  test('is that of the stop when the run stopped, even if all rows were done', () => {
    const end = { exitCode: 6, stopReason: 'not_found_surge' } as const;
    expect(summaryOf({ deletions: [finishedDeletion(0, 'failed')], end })).toMatchObject({
      complete: true,
      exitCode: 6,
      stopReason: 'not_found_surge',
    });
  });

  test('is never 0 or 3 while rows wait for resume', () => {
    expect(summaryOf({ deletions: [fakeDeletion(0)], end: { exitCode: 0 } })).toMatchObject({
      complete: false,
      exitCode: 5,
    });
  });
});

describe('a run is not complete', () => {
  test('while a row was not attempted', () => {
    const notBefore = START + 3_600_000;
    const end = { exitCode: 5, stopReason: 'long_retry_after', notBefore } as const;
    expect(summaryOf({ deletions: [finishedDeletion(0, 'deleted'), fakeDeletion(1)], end })).toMatchObject({
      complete: false,
      exitCode: 5,
      stopReason: 'long_retry_after',
      notBefore: '2026-03-01T11:00:00.000Z',
    });
  });

  test('while the answer to a row is still open, though as many others are unknown for good', () => {
    const end = { exitCode: 5, stopReason: 'signal' } as const;
    expect(summaryOf({ deletions: [finishedDeletion(0, 'unknown'), lost], end })).toMatchObject({
      complete: false,
      exitCode: 5,
    });
    expect(summaryOf({ deletions: [finishedDeletion(0, 'unknown')] })).toMatchObject({
      complete: true,
      exitCode: 3,
    });
  });

  test('when it was killed, and it ended when the last thing is known to have happened', () => {
    expect(summaryOf({ deletions: [finishedDeletion(0, 'deleted'), lost], end: null })).toMatchObject({
      complete: false,
      exitCode: 5,
      stopReason: null,
      finishedAt: '2026-03-01T10:00:09.000Z',
    });
    expect(summaryOf({ end: null })).toMatchObject({ finishedAt: '2026-03-01T10:00:00.000Z' });
  });
});

describe('it is a bug, never a report', () => {
  test('when the counts do not add up to the plan', () => {
    const deletions = [finishedDeletion(0, 'deleted'), finishedDeletion(1, 'deleted')];
    const { counts } = fakeRecord({ deletions: [finishedDeletion(0, 'deleted')] }).totals();
    expect(() => summaryOf({ deletions, totals: { counts } })).toThrow(
      'counts of 1 rows, 2 recorded and 2 planned',
    );
    expect(() => summaryOf({ deletions, header: { planned: 3 } })).toThrow('2 recorded and 3 planned');
    expect(() => summaryOf({ deletions, totals: { planned: 1 } })).toThrow('1 recorded');
  });

  test('when the run was never started', () => {
    expect(() => summarize({ ...fakeRecord(), lastLife: null, startedAt: null }, TOOL)).toThrow(
      'was never started',
    );
  });
});
