import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { allResults } from '../../src/report/result-row.ts';
import { resultNdjsonLine } from '../../src/report/results-ndjson.ts';
import { jsonSchemas } from '../../src/report/schemas.ts';
import { summarize } from '../../src/report/summary.ts';
import { OUTCOMES } from '../../src/types.ts';
import { fakeDeletion, fakeRecord, fakeSkipped, finishedDeletion, TOOL } from '../helpers/fake-record.ts';

async function committed(name: string): Promise<Record<string, unknown>> {
  const text = await readFile(new URL(`../../schemas/${name}`, import.meta.url), 'utf8');
  return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
}

/** A validator made of the published file alone. */
async function accepts(name: string, value: unknown): Promise<boolean> {
  return z.fromJSONSchema(await committed(name)).safeParse(value).success;
}

const finished = OUTCOMES.filter((outcome) => outcome !== 'not_attempted');
const record = fakeRecord({
  deletions: [...finished.map((outcome, row) => finishedDeletion(row, outcome)), fakeDeletion(20)],
  skipped: [
    fakeSkipped(3),
    fakeSkipped(4, { kind: 'audio', id: '?', mode: '', why: 'invalid', detail: 'is not an ID' }),
  ],
  end: { exitCode: 5, stopReason: 'signal', notBefore: 1 },
});

test.each(Object.entries(jsonSchemas()))(
  'schemas/%s is up to date (node tools/write-schemas.ts)',
  async (name, schema) => {
    expect(await committed(name)).toEqual(JSON.parse(JSON.stringify(schema)));
  },
);

test('real results, summaries and plans are valid', async () => {
  for (const row of allResults(record)) {
    expect(await accepts('results.schema.json', JSON.parse(resultNdjsonLine(row)))).toBe(true);
  }
  expect(await accepts('summary.schema.json', summarize(record, TOOL))).toBe(true);
  expect(await accepts('plan.schema.json', record.header)).toBe(true);
});

test('a field too many, one too few or a wrong value is not valid', async () => {
  const summary = summarize(record, TOOL);
  const { planned, ...without } = summary;
  expect(planned).toBe(8);
  expect(await accepts('summary.schema.json', without)).toBe(false);
  expect(await accepts('summary.schema.json', { ...summary, more: 1 })).toBe(false);
  expect(await accepts('summary.schema.json', { ...summary, finishedAt: '2026-03-01' })).toBe(false);
  expect(await accepts('summary.schema.json', { ...summary, counts: {} })).toBe(false);
  expect(await accepts('plan.schema.json', { ...record.header, mode: 'run' })).toBe(false);
});
