import { expect, test } from 'vitest';
import { allResults, resultOfDeletion, resultOfSkipped } from '../../src/report/result-row.ts';
import {
  fakeDeletion,
  fakeRecord,
  fakeSkipped,
  finishedDeletion,
  NEVER_SENT,
  START,
} from '../helpers/fake-record.ts';

const context = {
  runId: 'run-1',
  sources: [
    { path: 'a.csv', format: 'csv', sha256: 'a', entries: 1 },
    { path: '-', format: 'ndjson', sha256: 'b', entries: 1 },
  ],
} as const;

test('a final outcome is the result, with its times and the entry it came from', () => {
  const deletion = {
    ...finishedDeletion(7, 'deleted'),
    source: 1,
    line: 12,
    reason: 'GDPR',
    ticket: 'OPS-1',
  };
  expect(resultOfDeletion(deletion, context)).toEqual({
    kind: 'video',
    id: '0000000007',
    mode: 'soft',
    outcome: 'deleted',
    detail: 'deleted',
    httpStatus: 204,
    attempts: 1,
    firstSentAt: '2026-03-01T10:00:01.000Z',
    finishedAt: '2026-03-01T10:00:01.250Z',
    durationMs: 250,
    manifest: '-',
    line: 12,
    reason: 'GDPR',
    ticket: 'OPS-1',
    runId: 'run-1',
  });
});

test('a row whose turn never came is not_attempted', () => {
  expect(resultOfDeletion(fakeDeletion(0), context)).toMatchObject({
    outcome: 'not_attempted',
    detail: 'the run ended before its turn',
    attempts: 0,
    httpStatus: null,
    firstSentAt: null,
    finishedAt: null,
    durationMs: null,
  });
});

test('a row that may have been deleted is unknown, never not_attempted, and has not finished', () => {
  const history = {
    ...NEVER_SENT,
    attempts: 2,
    mayBeApplied: true,
    firstSentAt: START,
    lastDetail: 'no answer in 15 s',
  };
  expect(resultOfDeletion(fakeDeletion(0, { history }), context)).toMatchObject({
    outcome: 'unknown',
    detail: 'sent, but the answer is not known; resume will find out (last: no answer in 15 s)',
    attempts: 2,
    firstSentAt: '2026-03-01T10:00:00.000Z',
    finishedAt: null,
    durationMs: null,
  });
});

test('a row that was sent in vain only is not_attempted, and says so', () => {
  const history = {
    ...NEVER_SENT,
    attempts: 1,
    firstSentAt: START,
    lastStatus: 429,
    lastDetail: '429: slow down',
  };
  expect(resultOfDeletion(fakeDeletion(0, { history }), context)).toMatchObject({
    outcome: 'not_attempted',
    detail:
      'the run ended before it was deleted; no request so far can have deleted it (last: 429: slow down)',
    httpStatus: 429,
    attempts: 1,
  });
});

test('a final unknown keeps its own words', () => {
  const deletion = finishedDeletion(0, 'unknown', { detail: '503: try later', status: 503 });
  expect(resultOfDeletion(deletion, context)).toMatchObject({
    outcome: 'unknown',
    detail: '503: try later',
    httpStatus: 503,
  });
});

test('a clock that was set back gives no negative duration', () => {
  const deletion = finishedDeletion(0, 'deleted', { finishedAt: START - 3_600_000 });
  expect(resultOfDeletion(deletion, context).durationMs).toBe(0);
});

test('a row that was held before it was sent has an end and no duration', () => {
  const final = { outcome: 'held', detail: 'on hold', status: null, finishedAt: START } as const;
  const result = resultOfDeletion(fakeDeletion(0, { final }), context);
  expect(result).toMatchObject({
    outcome: 'held',
    firstSentAt: null,
    finishedAt: '2026-03-01T10:00:00.000Z',
    durationMs: null,
  });
});

test('a skipped entry says why first, in the mode it asked for', () => {
  const entry = fakeSkipped(3, {
    mode: 'hard',
    why: 'deleted_before',
    detail: 'soft-deleted by run x on 2026-01-01',
  });
  expect(resultOfSkipped(entry, context)).toMatchObject({
    outcome: 'skipped',
    mode: 'hard',
    detail: 'deleted_before: soft-deleted by run x on 2026-01-01',
    attempts: 0,
  });
  expect(resultOfSkipped(fakeSkipped(3, { why: 'invalid', detail: '' }), context).detail).toBe('invalid');
});

test('an entry of a manifest that the plan does not have is a bug', () => {
  expect(() => resultOfDeletion(fakeDeletion(0, { source: 2 }), context)).toThrow('names source 2');
});

test('results come in plan order, then skipped entries in manifest order', () => {
  const record = fakeRecord({
    deletions: [finishedDeletion(0, 'deleted'), fakeDeletion(1)],
    skipped: [fakeSkipped(2), fakeSkipped(9)],
  });
  expect([...allResults(record)].map(({ outcome, line }) => [outcome, line])).toEqual([
    ['deleted', 2],
    ['not_attempted', 3],
    ['skipped', 2],
    ['skipped', 9],
  ]);
});
