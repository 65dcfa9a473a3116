import { join } from 'node:path';
import { PurgeError } from '../errors.ts';
import type { RunFiles } from '../library.ts';
import type { RunRecord } from '../ports.ts';
import type { Append } from '../new-file.ts';
import { printableJson } from '../printable.ts';
import { ensureWritableFolder, refuseSymlink, replaceFiles } from '../safe-files.ts';
import type { Summary } from '../types.ts';
import { LineWriter } from './line-writer.ts';
import { allResults } from './result-row.ts';
import { RESULTS_CSV_HEADER, resultCsvLine } from './results-csv.ts';
import { resultNdjsonLine } from './results-ndjson.ts';
import { summarize } from './summary.ts';

/** In the order in which they appear; the last one says that all are complete. */
const NAMES = ['results.csv', 'results.ndjson', 'summary.json'] as const;

/**
 * Checks, before anything is deleted, that a report can be written to this folder, and makes the folder (0700) if it is
 * missing. `refused` when an output name is a symbolic link, `storage` when the folder cannot be written.
 */
export async function checkOutputFolder(folder: string): Promise<void> {
  await ensureWritableFolder(folder);
  for (const name of NAMES) await refuseSymlink(join(folder, name));
}

/**
 * Writes results.csv, results.ndjson and summary.json of a run at any moment of its life, in one pass and flat memory.
 * A summary.json in the folder means that all three are complete and of the same report. `storage` when a write fails.
 */
export async function writeReport(
  record: RunRecord,
  folder: string,
  tool: Summary['tool'],
): Promise<{ readonly files: RunFiles; readonly summary: Summary }> {
  const summary = summarize(record, tool);
  try {
    await replaceFiles(folder, NAMES, async (appendCsv, appendNdjson, appendSummary) => {
      const written = await writeRows(record, appendCsv, appendNdjson);
      checkWritten(written, summary);
      await appendSummary(`${printableJson(summary, 2)}\n`);
    });
  } catch (error) {
    throw withNextStep(error, record.runId);
  }
  const [csv, ndjson, json] = NAMES;
  const files: RunFiles = {
    resultsCsv: join(folder, csv),
    resultsNdjson: join(folder, ndjson),
    summaryJson: join(folder, json),
  };
  return { files, summary };
}

async function writeRows(
  record: RunRecord,
  appendCsv: Append,
  appendNdjson: Append,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const csv = new LineWriter(appendCsv);
  const ndjson = new LineWriter(appendNdjson);
  csv.add(RESULTS_CSV_HEADER);
  for (const row of allResults(record)) {
    counts.set(row.outcome, (counts.get(row.outcome) ?? 0) + 1);
    csv.add(resultCsvLine(row));
    ndjson.add(resultNdjsonLine(row));
    if (csv.isFull) await csv.flush();
    if (ndjson.isFull) await ndjson.flush();
  }
  await csv.flush();
  await ndjson.flush();
  return counts;
}

/** Throws an Error, which is a bug, when the rows in the files are not those that the summary counts. */
function checkWritten(written: ReadonlyMap<string, number>, summary: Summary): void {
  const skipped = Object.values(summary.skipped).reduce((sum, count) => sum + count, 0);
  for (const [outcome, count] of Object.entries({ ...summary.counts, skipped })) {
    const rows = written.get(outcome) ?? 0;
    if (rows !== count) throw new Error(`wrote ${rows} ${outcome} rows, but the run counts ${count}`);
  }
}

function withNextStep(error: unknown, runId: string): unknown {
  if (!(error instanceof PurgeError) || error.kind !== 'storage') return error;
  const report = `tavus-purge report ${runId}`;
  const next = error.next === undefined ? report : `${error.next}, then: ${report}`;
  return new PurgeError('storage', error.message, { next, cause: error.cause });
}
