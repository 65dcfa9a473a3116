import { createHash } from 'node:crypto';
import { existsSync, type Stats } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlanFacts } from '../approval.ts';
import { PurgeError } from '../errors.ts';
import { planDigest } from '../plan/digest.ts';
import type { PlannedLines } from '../ports.ts';
import { printable } from '../printable.ts';
import { planCsvPages } from '../report/plan-csv.ts';
import { naming, storageErrorFrom, systemCodeOf } from '../storage-error.ts';
import { PlannedCounter } from '../store/planned-lines.ts';
import type { RunFile } from '../store/run-file.ts';
import { PLAN_CSV, PLAN_JSON } from '../store/run-folders.ts';

/** How much of a file is read at a time. */
const PIECE_BYTES = 256 * 1024;

/** The planId and the counts of the plan, computed from the planned deletions that run.db holds now. */
export function plannedNow(run: RunFile): Pick<PlanFacts, 'digest' | 'counts'> {
  const counter = new PlannedCounter();
  const digest = planDigest(run.header.target.baseUrl, counted(run.plannedLines(), counter));
  return { digest, counts: counter.counts };
}

function* counted(lines: Iterable<PlannedLines>, counter: PlannedCounter): Iterable<PlannedLines> {
  for (const some of lines) {
    counter.add(some);
    yield some;
  }
}

/** What in a run folder no longer matches run.db, as sentences; empty when plan.csv and plan.json are as they were saved. */
export async function mismatchesOf(run: RunFile): Promise<string[]> {
  const { folder, header, headerText } = run;
  const mismatches: string[] = [];
  if (run.lives() === 0 && !run.isUntouched()) {
    mismatches.push('run.db holds results of a run that never began.');
  }
  const planJson = join(folder, PLAN_JSON);
  if (
    !existsSync(planJson) ||
    (await naming('read', planJson, () => readFile(planJson, 'utf8'))) !== headerText
  ) {
    mismatches.push('plan.json and run.db do not match.');
  }
  const planCsv = join(folder, PLAN_CSV);
  if (!existsSync(planCsv) || (await sha256OfFile(planCsv)) !== header.planCsvSha256) {
    mismatches.push('plan.csv and plan.json do not match.');
  }
  const rendered = createHash('sha256');
  for (const page of planCsvPages(run.entries())) rendered.update(page);
  if (rendered.digest('hex') !== header.planCsvSha256) mismatches.push('run.db and plan.csv do not match.');
  return mismatches;
}

/**
 * The manifests that are no longer the bytes that were planned. One that has gone is fine; one that cannot be read is a
 * `refused` PurgeError, since nobody knows whether it has changed.
 */
export async function changedSources(run: RunFile): Promise<string[]> {
  const { sources, files } = run.header;
  const changed: string[] = [];
  for (const [index, { path, sha256 }] of sources.entries()) {
    const file = files.sources[index] ?? path;
    if (file !== '-' && !(await isSameOrGone(file, sha256))) changed.push(path);
  }
  return changed;
}

async function isSameOrGone(file: string, sha256: string): Promise<boolean> {
  const found = await statIfThere(file);
  if (found === undefined) return true;
  if (!found.isFile()) return false;
  try {
    return (await sha256OfFile(file)) === sha256;
  } catch (thrown) {
    throw notComparable(file, thrown);
  }
}

async function statIfThere(file: string): Promise<Stats | undefined> {
  try {
    return await stat(file);
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return undefined;
    throw notComparable(file, storageErrorFrom('read', file, thrown));
  }
}

function notComparable(file: string, thrown: unknown): unknown {
  if (!(thrown instanceof PurgeError)) return thrown;
  return new PurgeError(
    'refused',
    `Whether the manifest ${printable(file)} has changed since it was planned is not known: ${thrown.message}. Nothing was sent.`,
    {
      next: 'make the manifest readable again and repeat this, or plan again from the manifests',
      cause: thrown,
    },
  );
}

/** In one buffer that is used again and again: a stream leaves as much memory behind as the file is long. */
async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(PIECE_BYTES);
  await naming('read', path, async () => {
    await using file = await open(path);
    for (;;) {
      const { bytesRead } = await file.read(buffer);
      if (bytesRead === 0) return;
      hash.update(buffer.subarray(0, bytesRead));
    }
  });
  return hash.digest('hex');
}
