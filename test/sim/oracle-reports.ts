import type { Outcome, ResultRow, Summary } from '../../src/types.ts';
import type { LifeStory, Sent } from './history.ts';
import type { Item } from './scenario.ts';
import { plannedItems, type Blame, type Evidence, type Report } from './evidence.ts';

/** Exit codes from best to worst (CONTRACT.md 7). */
const CODES = [0, 3, 5, 6, 8, 1];

/** Judges what each life left as its report, and at the end the whole run. */
export function judgeReports(evidence: Evidence, blame: Blame): void {
  const planned = plannedItems(evidence);
  evidence.reports.forEach((report, index) => {
    const lives = evidence.reports.slice(0, index + 1).map(({ story }) => story);
    const requests = requestsByKey(evidence.sent, report.story.number);
    const say: Blame = (violation) => blame(`${violation} [report of life ${report.story.number}]`);
    judgeCounts(report, { evidence, planned, lives, requests }, say);
    for (const [row, item] of zip(report.rows, planned)) {
      judgeRow(row, { item, lives, requests: requests.get(keyOf(item)) ?? [], evidence }, say);
    }
    if (report.summary !== null) judgeExitCode(report, report.summary, say);
  });
  judgeEnd(evidence, planned, blame);
}

interface Context {
  readonly evidence: Evidence;
  readonly planned: readonly Item[];
  readonly lives: readonly LifeStory[];
  readonly requests: ReadonlyMap<string, readonly Sent[]>;
}

/** I3: one row each, in order, and every number adds up. */
function judgeCounts(report: Report, context: Context, blame: Blame): void {
  const { evidence, planned, lives, requests } = context;
  const { rows, summary } = report;
  const skipped = evidence.scenario.items.filter(
    ({ listed }) => listed === 'held' || listed === 'deleted_before' || listed === 'invalid',
  );
  const wanted = [...planned.map(keyOf), ...skipped.map(keyOf)];
  const found = rows.map(({ kind, id }) => `${kind} ${id}`);
  if (wanted.join() !== found.join()) blame('I3: the rows are not one for each entry, in order');
  if (rows.some(({ outcome }, index) => (outcome === 'skipped') !== index >= planned.length)) {
    blame('I3: a planned deletion is shown as skipped, or the other way round');
  }
  if (summary === null) return;
  const counted = new Map<string, number>();
  for (const { outcome } of rows) counted.set(outcome, (counted.get(outcome) ?? 0) + 1);
  for (const [outcome, count] of Object.entries(summary.counts)) {
    if ((counted.get(outcome) ?? 0) !== count) blame(`I3: ${count} ${outcome} counted, not as many rows`);
  }
  const sum = Object.values(summary.counts).reduce((all, count) => all + count, 0);
  if (sum !== planned.length || summary.planned !== planned.length) blame('I3: the counts do not add up');
  const attempts = rows.reduce((all, row) => all + row.attempts, 0);
  if (attempts !== summary.requests)
    blame(`I3: ${summary.requests} requests counted, ${attempts} in the rows`);
  const retries = rows.reduce((all, row) => all + Math.max(0, row.attempts - 1), 0);
  if (retries !== summary.retries) blame(`I3: ${summary.retries} retries counted, ${retries} in the rows`);
  const all = [...requests.values()].flat();
  const throttled = all.filter(({ answered }) => answered?.meaning.isThrottle === true).length;
  if (summary.rateLimited > throttled || (lives.every(isWhole) && summary.rateLimited !== throttled)) {
    blame(`I3: ${summary.rateLimited} 429 answers counted, ${throttled} seen`);
  }
}

/** I4 and the honesty rule: a row says what the requests prove, no less and no more. */
function judgeRow(
  row: ResultRow,
  {
    item,
    lives,
    requests,
    evidence,
  }: { item: Item; lives: readonly LifeStory[]; requests: readonly Sent[]; evidence: Evidence },
  blame: Blame,
): void {
  const wholeLives = new Set(lives.filter(isWhole).map(({ number }) => number));
  const allWhole = lives.every(isWhole);
  if (row.attempts < requests.length || (allWhole && row.attempts !== requests.length)) {
    blame(`I3: ${keyOf(item)} has ${row.attempts} attempts, ${requests.length} were sent`);
  }
  if ((row.firstSentAt === null) !== (row.attempts === 0))
    blame(`I3: ${keyOf(item)} has attempts and no time, or a time and none`);

  const mayBeApplied = requests.some(
    ({ answered }) => answered === null || answered.meaning.says === 'silence',
  );
  // An end that a killed process saw may be lost; an intent may have been recorded and never sent.
  const mayBeTaken =
    mayBeApplied || row.attempts > requests.length || requests.some(({ life }) => !wholeLives.has(life));
  const wasApplied = requests.some(({ applied }) => applied);
  const wasTold = (says: string): boolean => requests.some(({ answered }) => answered?.meaning.says === says);
  const isLive = evidence.server.objects.get(keyOf(item)) === 'live';
  const wrong = (why: string): void => blame(`I4: ${keyOf(item)} is ${row.outcome}, but ${why}`);

  const provesNothingDone: ReadonlySet<string> = new Set<Outcome>([
    'not_found',
    'rejected',
    'failed',
    'held',
    'not_attempted',
  ]);
  if (provesNothingDone.has(row.outcome)) {
    if (mayBeApplied) wrong('a request without a conclusive answer may have deleted it');
    if (wasApplied) wrong('a request of ours deleted it');
  }
  switch (row.outcome) {
    case 'deleted':
      if (!wasTold('confirmed')) wrong('no answer confirmed that');
      if (isLive) wrong('it lives');
      break;
    case 'deleted_inferred':
      if (!mayBeTaken) wrong('no request of ours explains that');
      if (!wasTold('unknown_id')) wrong('nobody said that it is gone');
      if (isLive) wrong('it lives');
      break;
    case 'not_found':
      if (!wasTold('unknown_id')) wrong('nobody said that it is unknown');
      break;
    case 'rejected':
      if (!wasTold('refused')) wrong('nobody refused it');
      break;
    case 'failed':
      if (requests.length === 0) wrong('nothing was sent');
      break;
    case 'unknown':
      if (!mayBeTaken) wrong('every answer is conclusive');
      break;
    case 'held':
      if (!isHeld(item, evidence)) wrong('nobody holds it');
      break;
    default:
  }
}

function judgeExitCode({ story }: Report, summary: Summary, blame: Blame): void {
  const { counts, complete, exitCode } = summary;
  const notFine = counts.rejected + counts.failed + counts.unknown + counts.not_attempted;
  const missing = story.settings.allowNotFound ? 0 : counts.not_found;
  const ofRows = notFine + missing === 0 ? 0 : 3;
  const least = Math.max(CODES.indexOf(ofRows), complete ? 0 : CODES.indexOf(5));
  if (story.end === null) {
    // What a killed life said of itself may have become durable or not.
    if (CODES.indexOf(exitCode) < least) blame(`I3: exit code ${exitCode} is too good`);
    return;
  }
  const wanted = CODES[Math.max(least, CODES.indexOf(story.end.exitCode))];
  if (exitCode !== wanted) blame(`I3: exit code ${exitCode}, expected ${String(wanted)}`);
  if (summary.stopReason !== story.end.stopReason) blame('I3: the stop reason is not the one of the life');
}

/** I9 and I11: every row has its outcome, and no confirmed deletion was forgotten. */
function judgeEnd(evidence: Evidence, planned: readonly Item[], blame: Blame): void {
  const last = evidence.reports.at(-1);
  if (last === undefined || last.summary === null) return blame('I9: no report');
  if (!last.summary.complete) blame('I9: lives without faults did not finish the run');
  const outcomes = new Map(zip(last.rows, planned).map(([row, item]) => [keyOf(item), row.outcome]));
  const whole = new Set(
    evidence.reports.filter(({ story }) => isWhole(story)).map(({ story }) => story.number),
  );
  for (const sent of evidence.sent) {
    if (sent.named === null || sent.answered === null || !whole.has(sent.life)) continue;
    const key = keyOf(sent.named);
    const outcome = outcomes.get(key) ?? 'missing';
    const allowed = LASTING[sent.answered.meaning.says];
    if (allowed !== undefined && !allowed.includes(outcome)) {
      blame(`I11: ${key} was answered "${sent.answered.meaning.says}" and ended as ${outcome}`);
    }
  }
}

/** What a row can end as once a process that lived on had such an answer. */
const LASTING: Readonly<Partial<Record<string, readonly string[]>>> = {
  confirmed: ['deleted'],
  unknown_id: ['not_found', 'deleted_inferred'],
  refused: ['rejected', 'unknown'],
};

/** Whether everything that the life saw became durable. */
function isWhole(story: LifeStory): boolean {
  return story.killedBy === null && story.storageFailedAt === null;
}

function isHeld(item: Item, { scenario }: Evidence): boolean {
  return scenario.holds?.puts.some((put) => scenario.items[put.item] === item) ?? false;
}

function keyOf({ kind, id }: { readonly kind: string; readonly id: string }): string {
  return `${kind} ${id}`;
}

function requestsByKey(sent: readonly Sent[], upToLife: number): Map<string, Sent[]> {
  const byKey = new Map<string, Sent[]>();
  for (const request of sent) {
    if (request.named === null || request.life > upToLife) continue;
    const key = keyOf(request.named);
    byKey.set(key, [...(byKey.get(key) ?? []), request]);
  }
  return byKey;
}

function zip<A, B>(as: readonly A[], bs: readonly B[]): [A, B][] {
  return bs.flatMap((b, index) => {
    const a = as[index];
    return a === undefined ? [] : [[a, b] as [A, B]];
  });
}
