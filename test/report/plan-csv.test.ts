import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { planCsvPages } from '../../src/report/plan-csv.ts';
import { fakeDeletion, fakeRecord, fakeSkipped, finishedDeletion } from '../helpers/fake-record.ts';

test('plan.csv shows what would be deleted, then what is skipped and why', () => {
  const plan = fakeRecord({
    deletions: [
      fakeDeletion(0, { id: '8a4f94e736', reason: 'old', ticket: 'OPS-1', note: 'present: "Intro", ready' }),
      fakeDeletion(1, { kind: 'replica', id: 'rf4e9d9790f0', mode: 'hard' }),
    ],
    skipped: [
      fakeSkipped(9),
      fakeSkipped(4, { kind: '=x', id: '-abc', why: 'invalid', detail: 'is not an ID' }),
    ],
  });
  expect([...planCsvPages(plan)].join('')).toBe(
    [
      'kind,id,mode,outcome,detail,manifest,line,reason,ticket',
      'video,8a4f94e736,soft,would_delete,"present: ""Intro"", ready",march.csv,2,old,OPS-1',
      'replica,rf4e9d9790f0,hard,would_delete,,march.csv,3,,',
      'video,0000000009,soft,skipped,held: legal hold (holds.csv),march.csv,9,,',
      "'=x,'-abc,soft,skipped,invalid: is not an ID,march.csv,4,,",
      '',
    ].join('\n'),
  );
});

test('a plan of nothing is a header', () => {
  expect([...planCsvPages(fakeRecord())]).toEqual([
    'kind,id,mode,outcome,detail,manifest,line,reason,ticket\n',
  ]);
});

test('a large plan comes in pieces, each row once and in order', () => {
  const plan = fakeRecord({ deletions: Array.from({ length: 2500 }, (_, row) => fakeDeletion(row)) });
  const pages = [...planCsvPages(plan)];
  expect(pages).toHaveLength(3);
  const rows = parse<{ line: string }>(pages.join(''), { columns: true });
  expect(rows.map(({ line }) => Number(line))).toEqual(Array.from({ length: 2500 }, (_, row) => row + 2));
});

test('a plan gives the same bytes after it was carried out', () => {
  const before = fakeRecord({ deletions: [fakeDeletion(0), fakeDeletion(1)] });
  const after = fakeRecord({ deletions: [finishedDeletion(0, 'deleted'), finishedDeletion(1, 'failed')] });
  expect([...planCsvPages(after)]).toEqual([...planCsvPages(before)]);
});
