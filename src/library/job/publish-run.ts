import { createReadStream, existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { PurgeError, rethrowBug } from '../../errors.ts';
import type { Job } from '../../job/job.ts';
import { DONE, manifestState, moveManifest } from '../../job/move-manifest.ts';
import { expandOut } from '../../job/out-template.ts';
import type { Append } from '../../new-file.ts';
import { counted } from '../../numbers.ts';
import type { RunRecord } from '../../ports.ts';
import { printable } from '../../printable.ts';
import { LineWriter } from '../../report/line-writer.ts';
import { allResults } from '../../report/result-row.ts';
import { RESULTS_CSV_HEADER, resultCsvLine } from '../../report/results-csv.ts';
import { checkOutputFolder } from '../../report/write-report.ts';
import { replaceFiles } from '../../safe-files.ts';
import { naming } from '../../storage-error.ts';
import type { SourceSummary, Summary } from '../../types.ts';
import { fineOutcomes } from '../not-fine.ts';
import type { RunHooks } from '../live-run.ts';
import { openManifestsOf } from './job-manifests.ts';

/**
 * What a job does with the results of a run before it counts as finished: they go to `out`, and with `processed: move`
 * the manifests that were wholly carried out go to `done/`. All of it can be done again after a crash at any point.
 * `remark` hears, as sentences, why a manifest stays.
 */
export function publishing(job: Job, remark: (sentence: string) => void): NonNullable<RunHooks['publish']> {
  return async (run, { summary }) => {
    try {
      const out = outFolder(job, summary);
      if (out !== null) await copyResults(job.reports, run.folder, out);
      if (job.processed === 'move' && summary.complete) await moveDone(job, run.record(), remark);
    } catch (error) {
      rethrowBug(error);
      throw afterTheRun(error);
    }
  };
}

/** Whatever goes wrong with files now is no refusal any more: the requests were sent. */
function afterTheRun(error: PurgeError): PurgeError {
  if (error.kind === 'storage') return error;
  return new PurgeError(
    'storage',
    `The run is recorded, but its results could not be filed: ${error.message}`,
    {
      next: error.next,
      cause: error,
    },
  );
}

/** Checks, before anything is deleted, that results can be written to `out`. */
export async function checkOut(job: Job, run: Pick<Summary, 'runId' | 'startedAt'>): Promise<void> {
  const folder = outFolder(job, run);
  if (folder !== null) await checkOutputFolder(folder);
}

/** The folder for the results of a run; `null`: the run folder. */
export function outFolder(
  job: Job,
  { runId, startedAt }: Pick<Summary, 'runId' | 'startedAt'>,
): string | null {
  if (job.out === null) return null;
  const timeZone = job.window?.timeZone ?? null;
  return expandOut(job.out, { job: job.name, runId, startedAt: Date.parse(startedAt), timeZone });
}

async function copyResults(reports: Job['reports'], folder: string, out: string): Promise<void> {
  await checkOutputFolder(out);
  await replaceFiles(out, reports, async (...appends) => {
    for (const [index, name] of reports.entries()) await copyText(join(folder, name), appends[index]);
  });
}

async function copyText(path: string, append: Append | undefined): Promise<void> {
  await naming('read', path, async () => {
    for await (const chunk of createReadStream(path, { encoding: 'utf8' })) await append?.(String(chunk));
  });
}

/** A manifest is done when every ID in it is: a request to forget somebody is not filed away while one is left. */
async function moveDone(job: Job, record: RunRecord, remark: (sentence: string) => void): Promise<void> {
  const { sources, files } = record.header;
  const left = idsLeft(record);
  for (const [index, file] of files.sources.entries()) {
    const state = await manifestState(file);
    const stays = (why: string): void => remark(`${printable(basename(file), 100)} stays: ${why}.`);
    if (state === null) {
      // Else somebody took it away, or it was moved before a crash.
      if (existsSync(file)) stays('it is a link, and only plain files are moved');
      continue;
    }
    const ids = await idsIn(job, file, sources[index]);
    if (ids === null) {
      stays('it has changed since it was planned, and is planned anew');
      continue;
    }
    const open = [...ids].filter((id) => left.has(id)).length;
    if (open > 0) {
      stays(`${counted(open, 'entry', 'entries')} of ${ids.size} not deleted; it is tried again`);
      continue;
    }
    const write = (append: Append): Promise<void> => writeResultsOf(record, ids, append);
    const companion = { suffix: '.results.csv', write };
    const moved = await moveManifest(file, state, { folder: DONE, companion });
    if ('stays' in moved) stays(moved.stays);
  }
}

/** What was not deleted, be it held. */
function idsLeft(record: RunRecord): ReadonlySet<string> {
  const fine = fineOutcomes(record.settings);
  const left = new Set<string>();
  for (const { id, final } of record.deletions()) {
    if (final === null || final.outcome === 'held' || !fine.has(final.outcome)) left.add(id);
  }
  for (const { id, why } of record.skipped()) if (why !== 'deleted_before') left.add(id);
  return left;
}

/** All IDs of a manifest, duplicates of other manifests included; `null` when it is no longer what was planned. */
async function idsIn(
  job: Job,
  file: string,
  planned: Pick<SourceSummary, 'sha256'> | undefined,
): Promise<ReadonlySet<string> | null> {
  try {
    const source = await openManifestsOf(job, [file]);
    const ids = new Set<string>();
    for await (const page of source.pages()) for (const { id } of page) ids.add(id);
    const isSame = source.summaries().some(({ sha256 }) => sha256 === planned?.sha256);
    return isSame ? ids : null;
  } catch (error) {
    // What was planned could be read.
    rethrowBug(error);
    return null;
  }
}

/** The results of the run about these IDs, as in results.csv. */
async function writeResultsOf(record: RunRecord, ids: ReadonlySet<string>, append: Append): Promise<void> {
  const lines = new LineWriter(append);
  lines.add(RESULTS_CSV_HEADER);
  for (const row of allResults(record)) {
    if (ids.has(row.id)) lines.add(resultCsvLine(row));
    if (lines.isFull) await lines.flush();
  }
  await lines.flush();
}
