import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parse } from 'csv-parse/sync';
import type { Mode, Summary } from '../../src/types.ts';

/** A planned deletion of a video, as the test meant it. */
export interface Meant {
  readonly id: string;
  readonly mode: Mode;
}

/** What the server knows: what it really deleted, and every DELETE that reached it. */
interface Truth {
  readonly deleted: ReadonlySet<string>;
  readonly requests: readonly { readonly id: string | null; readonly path: string; readonly at: number }[];
}

export interface Judged {
  readonly folder: string;
  /** Everything in the plan, in its order. */
  readonly meant: readonly Meant[];
  readonly truth: Truth;
  /** Whether the run should be done. */
  readonly complete: boolean;
}

/** What may be said of an ID that the server really deleted, and of one that it did not. */
const MAY_BE_SAID: Readonly<Record<'gone' | 'live', ReadonlySet<string>>> = {
  gone: new Set<string>(['deleted', 'deleted_inferred', 'unknown']),
  live: new Set<string>(['failed', 'rejected', 'not_found', 'unknown', 'not_attempted', 'held']),
};

/**
 * Judges a run by what the server recorded and what lies in its folder; shares no code with what is judged. Answers with
 * one sentence for each broken promise.
 */
export function brokenPromises(judged: Judged): string[] {
  const { folder } = judged;
  if (!existsSync(join(folder, 'summary.json'))) return ['there are no result files'];
  return [...wrongRows(judged), ...wrongSums(judged), ...wrongRequests(judged), ...wrongRecords(judged)];
}

function* wrongRows({ folder, meant, truth, complete }: Judged): Iterable<string> {
  const rows = readRows(folder).filter(({ outcome }) => outcome !== 'skipped');
  const ids = rows.map(({ id }) => id).join();
  if (ids !== meant.map(({ id }) => id).join()) yield `the rows are not those of the plan: ${ids}`;
  for (const { id, outcome } of rows) {
    const fate = truth.deleted.has(id) ? 'gone' : 'live';
    if (!MAY_BE_SAID[fate].has(outcome)) yield `${id} is ${fate}, and was said to be ${outcome}`;
    if (complete && outcome === 'not_attempted') yield `${id} was not attempted in a complete run`;
  }
}

function* wrongSums({ folder, meant, complete }: Judged): Iterable<string> {
  const summary = readSummary(folder);
  const sum = Object.values(summary.counts).reduce((total, count) => total + count, 0);
  if (summary.planned !== meant.length || sum !== meant.length)
    yield `the sums are wrong: ${sum} of ${summary.planned}`;
  if (summary.complete !== complete) yield `the summary says complete: ${summary.complete}`;
}

/** Only planned IDs, in their mode. */
function* wrongRequests({ meant, truth }: Judged): Iterable<string> {
  const paths = new Set(
    meant.map(({ id, mode }) => `/v2/videos/${id}${mode === 'hard' ? '?hard=true' : ''}`),
  );
  for (const { path } of truth.requests) if (!paths.has(path)) yield `a request that nobody planned: ${path}`;
}

/** A request whose attempt timed out may be read by a busy server after that. */
const LONGEST_ON_THE_WAY_MS = 2_000;

/** Every request has its intent, and none was sent after its row's outcome was recorded. */
function* wrongRecords({ folder, truth }: Judged): Iterable<string> {
  const db = openRun(folder);
  const rows = db
    .prepare(
      `SELECT id, count(attempt.row) AS intents, max(attempt.at) AS lastIntentAt, finished_at AS finishedAt
       FROM entry LEFT JOIN outcome USING (row) LEFT JOIN attempt USING (row) WHERE skip IS NULL GROUP BY row`,
    )
    .all();
  db.close();
  for (const { id, intents, lastIntentAt, finishedAt } of rows) {
    const sent = truth.requests.filter((request) => request.id === id);
    if (sent.length > Number(intents))
      yield `${String(id)}: ${sent.length} requests for ${String(intents)} intents`;
    if (finishedAt === null) continue;
    const late = sent.filter(({ at }) => at > Number(finishedAt) + LONGEST_ON_THE_WAY_MS);
    if (late.length > 0 || Number(lastIntentAt) > Number(finishedAt))
      yield `${String(id)} was sent after its outcome was recorded`;
  }
}

/** Outcomes by ID, of results.csv. */
function readRows(folder: string): readonly { readonly id: string; readonly outcome: string }[] {
  return parse(readFileSync(join(folder, 'results.csv'), 'utf8'), { columns: true });
}

function readSummary(folder: string): Summary {
  return JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')) as Summary;
}

/** The final outcomes that run.db holds at this moment, by ID. */
export function durableOutcomes(folder: string): ReadonlyMap<string, string> {
  const db = openRun(folder);
  const rows = db.prepare('SELECT id, outcome FROM outcome JOIN entry USING (row)').all();
  db.close();
  return new Map(rows.map(({ id, outcome }) => [String(id), String(outcome)]));
}

/** Not read-only: a file that was left in the middle of a write is rolled back by whoever opens it next. */
function openRun(folder: string): DatabaseSync {
  return new DatabaseSync(join(folder, 'run.db'), { timeout: 5_000 });
}
