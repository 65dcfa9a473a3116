import { chmod, lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { PurgeError } from '../../src/errors.ts';
import type { RunRecord } from '../../src/ports.ts';
import { summarize } from '../../src/report/summary.ts';
import { checkOutputFolder, writeReport } from '../../src/report/write-report.ts';
import { fakeDeletion, fakeRecord, fakeSkipped, finishedDeletion, TOOL } from '../helpers/fake-record.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const NAMES = ['results.csv', 'results.ndjson', 'summary.json'];
const record = fakeRecord({
  deletions: [finishedDeletion(0, 'deleted'), finishedDeletion(1, 'not_found'), fakeDeletion(2)],
  skipped: [fakeSkipped(9, { reason: 'über' })],
  end: { exitCode: 5, stopReason: 'signal' },
});

/** What a careful reader does: rows that end with a line end, as many as the summary counts, in both files. */
function isWhole(files: {
  readonly csv: string;
  readonly ndjson: string;
  readonly summary: string;
}): boolean {
  const counted = z.object({ planned: z.number(), skipped: z.record(z.string(), z.number()) });
  let summary: z.infer<typeof counted>;
  try {
    if (!files.summary.endsWith('}\n')) return false;
    summary = counted.parse(JSON.parse(files.summary));
  } catch {
    return false;
  }
  const rows = Object.values(summary.skipped).reduce((sum, count) => sum + count, summary.planned);
  return linesOf(files.csv) === rows + 1 && linesOf(files.ndjson) === rows;
}

/** How many lines a text has, -1 when the last one is cut off. */
function linesOf(text: string): number {
  return text === '' || text.endsWith('\n') ? text.split('\n').length - 1 : -1;
}

async function read(folder: string): Promise<{ csv: string; ndjson: string; summary: string }> {
  const [csv = '', ndjson = '', summary = ''] = await Promise.all(
    NAMES.map((name) => readFile(join(folder, name), 'utf8')),
  );
  return { csv, ndjson, summary };
}

test('a report is three private files with a row for each planned deletion and skipped entry', async () => {
  const folder = await temporaryFolder();
  const { files, summary } = await writeReport(record, folder, TOOL);
  expect(files).toEqual({
    resultsCsv: join(folder, 'results.csv'),
    resultsNdjson: join(folder, 'results.ndjson'),
    summaryJson: join(folder, 'summary.json'),
  });
  expect((await readdir(folder)).toSorted()).toEqual(NAMES);
  for (const name of NAMES) expect((await lstat(join(folder, name))).mode & 0o777).toBe(0o600);

  const written = await read(folder);
  expect(summary).toEqual(summarize(record, TOOL));
  expect(JSON.parse(written.summary)).toEqual(summary);
  expect(summary).toMatchObject({ complete: false, exitCode: 5, planned: 3 });
  expect(written.csv.match(/,(deleted|not_found|not_attempted|skipped),/g)).toEqual([
    ',deleted,',
    ',not_found,',
    ',not_attempted,',
    ',skipped,',
  ]);
  expect(isWhole(written)).toBe(true);
});

test('the same record always gives the same bytes', async () => {
  const folder = await temporaryFolder();
  await writeReport(record, folder, TOOL);
  const first = await read(folder);
  await writeReport(record, folder, TOOL);
  expect(await read(folder)).toEqual(first);
});

test('an empty plan has a report as well', async () => {
  const folder = await temporaryFolder();
  await writeReport(fakeRecord(), folder, TOOL);
  const written = await read(folder);
  expect(written.ndjson).toBe('');
  expect(isWhole(written)).toBe(true);
});

test('a report of many rows is written in pages, each row once and in order', async () => {
  const folder = await temporaryFolder();
  const deletions = Array.from({ length: 3001 }, (_, row) => finishedDeletion(row, 'deleted'));
  await writeReport(fakeRecord({ deletions }), folder, TOOL);
  const { csv, ndjson } = await read(folder);
  const ids = deletions.map(({ id }) => id);
  expect(
    csv
      .split('\n')
      .slice(1, -1)
      .map((line) => line.split(',')[1]),
  ).toEqual(ids);
  expect(ndjson.match(/"id":"[^"]*"/g)).toEqual(ids.map((id) => `"id":"${id}"`));
});

test('a report cut off at any byte shows it', async () => {
  const folder = await temporaryFolder();
  await writeReport(record, folder, TOOL);
  const whole = await read(folder);
  for (const name of ['csv', 'ndjson', 'summary'] as const) {
    for (let length = 0; length < whole[name].length; length += 1) {
      expect(isWhole({ ...whole, [name]: whole[name].slice(0, length) })).toBe(false);
    }
  }
});

describe('a report that fails', () => {
  test('because the counts do not match the rows is a bug, and leaves no file', async () => {
    const folder = await temporaryFolder();
    const { counts } = fakeRecord({ deletions: [finishedDeletion(0, 'failed')] }).totals();
    const wrong = fakeRecord({ deletions: [finishedDeletion(0, 'deleted')], totals: { counts } });
    await expect(writeReport(wrong, folder, TOOL)).rejects.toThrow(
      'wrote 1 deleted rows, but the run counts 0',
    );
    expect(await readdir(folder)).toEqual([]);

    const skips = fakeRecord({ totals: { skipped: { held: 1, deleted_before: 0, invalid: 0 } } });
    await expect(writeReport(skips, folder, TOOL)).rejects.toThrow(
      'wrote 0 skipped rows, but the run counts 1',
    );
    expect(await readdir(folder)).toEqual([]);
  });

  test('half-way leaves the report before it as it was', async () => {
    const folder = await temporaryFolder();
    await writeReport(record, folder, TOOL);
    const before = await read(folder);
    const broken: RunRecord = {
      ...record,
      *deletions() {
        yield finishedDeletion(0, 'deleted');
        throw new PurgeError('storage', 'the run file cannot be read', { next: 'check the disk' });
      },
    };
    await expect(writeReport(broken, folder, TOOL)).rejects.toMatchObject({
      kind: 'storage',
      message: 'the run file cannot be read',
      next: `check the disk, then: tavus-purge report ${record.runId}`,
    });
    expect(await read(folder)).toEqual(before);
    expect((await readdir(folder)).toSorted()).toEqual(NAMES);
  });

  test('because the folder is gone says what to do', async () => {
    const folder = join(await temporaryFolder(), 'gone');
    await expect(writeReport(record, folder, TOOL)).rejects.toMatchObject({
      kind: 'storage',
      exitCode: 8,
      next: `check that the folder is still there, then: tavus-purge report ${record.runId}`,
    });
  });
});

describe('an output name that is a link', () => {
  test.each(NAMES)(
    '%s is refused before a run and at its end, and its target is never touched',
    async (name) => {
      const folder = await temporaryFolder();
      await writeFile(join(folder, 'victim'), 'precious');
      await symlink('victim', join(folder, name));
      const refused = { kind: 'refused', exitCode: 4 };
      await expect(checkOutputFolder(folder)).rejects.toMatchObject(refused);
      await expect(writeReport(record, folder, TOOL)).rejects.toMatchObject(refused);
      expect(await readFile(join(folder, 'victim'), 'utf8')).toBe('precious');
      expect((await readdir(folder)).toSorted()).toEqual([name, 'victim'].toSorted());
    },
  );
});

describe('the output folder', () => {
  test('is made if it is missing, and then fit for a report', async () => {
    const folder = join(await temporaryFolder(), 'reports', 'march');
    await checkOutputFolder(folder);
    expect((await lstat(folder)).mode & 0o777).toBe(0o700);
    await writeReport(record, folder, TOOL);
    await checkOutputFolder(folder);
    expect((await readdir(folder)).toSorted()).toEqual(NAMES);
  });

  test('keeps its own mode when it was there', async () => {
    const folder = join(await temporaryFolder(), 'shared');
    await mkdir(folder);
    await chmod(folder, 0o755);
    await checkOutputFolder(folder);
    expect((await lstat(folder)).mode & 0o777).toBe(0o755);
  });
});
