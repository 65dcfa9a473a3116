import type { ExecutionSettings, StopReason } from '../../src/types.ts';
import type { LifeStory, Meaning, Sent } from './history.ts';
import { plannedItems, type Blame, type Evidence } from './evidence.ts';

const LONGEST_PAUSE_MS = 300_000;
const DRAIN_MS = 20_000;
const HOLDS_FRESH_MS = 1_000;
const THROTTLED_PER_ID = 11;

/** The exit code of each reason to stop, worst reason first (CONTRACT.md 6 and 7). */
const STOPS: readonly (readonly [StopReason, number])[] = [
  ['unauthorized', 6],
  ['payment_required', 6],
  ['redirect', 6],
  ['tls', 6],
  ['not_the_api', 6],
  ['wrong_endpoint', 6],
  ['forbidden', 6],
  ['not_found_surge', 6],
  ['holds_unreadable', 5],
  ['outage', 5],
  ['long_retry_after', 5],
  ['max_duration', 5],
  ['signal', 5],
];

/** Judges how each life behaved, and what all of them together did to the server. */
export function judgeLives(evidence: Evidence, blame: Blame): void {
  judgeRate(evidence, blame);
  judgeAmplification(evidence, blame);
  for (const { story, summary, isHealed } of evidence.reports) {
    const requests = evidence.sent.filter(({ life }) => life === story.number);
    const answers = requests.filter(isAnswered).toSorted((a, b) => a.answered.order - b.answered.order);
    const view: View = {
      story,
      requests,
      answers,
      evidence,
      isHealed,
      isComplete: summary?.complete ?? false,
    };
    const say: Blame = (violation) => blame(`${violation} [life ${story.number}]`);
    judgeEndOfLife(view, say);
    judgeStops(view, say);
    judgePauses(view, say);
    judgeBreaker(view, say);
    judgePerId(view, say);
    judgeHolds(view, say);
    judgeDuration(view, say);
  }
}

type Answered = Sent & { readonly answered: NonNullable<Sent['answered']> };

interface View {
  readonly story: LifeStory;
  readonly requests: readonly Sent[];
  /** In the order in which the process saw them. */
  readonly answers: readonly Answered[];
  readonly evidence: Evidence;
  readonly isHealed: boolean;
  readonly isComplete: boolean;
}

function isAnswered(sent: Sent): sent is Answered {
  return sent.answered !== null;
}

/** I7: no window of the rate holds too many requests, over all lives. */
function judgeRate({ sent, scenario, world, reports }: Evidence, blame: Blame): void {
  const { count, windowMs } = scenario.settings.rate;
  for (let first = 0; first + count < sent.length; first += 1) {
    const from = sent[first];
    const to = sent[first + count];
    if (from === undefined || to === undefined || to.at - from.at >= windowMs) continue;
    const startedAt = reports.find(({ story }) => story.number === to.life)?.story.startedAt ?? 0;
    // A clock that was set ahead between two lives makes what the first one did look old: nobody can see that.
    const isBlind =
      from.life !== to.life &&
      world.wallJumps.some(({ at, byMs }) => byMs > 0 && at >= from.at && at <= startedAt);
    if (!isBlind) {
      blame(
        `I7: ${count + 1} requests in ${(to.at - from.at).toFixed(1)} ms, from ${from.at.toFixed(1)} ms on`,
      );
    }
  }
}

/**
 * How many rows may have been asked for without a trace of the answer when a life dies: those in flight, and at full
 * speed three times as many whose record was on its way.
 */
function rowsUnderWay({ concurrency, rate }: ExecutionSettings): number {
  return (rate.count * 1_000) / rate.windowMs >= 10_000 ? 4 * concurrency : concurrency;
}

/** I8: retries stay within the budget of the whole run. */
function judgeAmplification(evidence: Evidence, blame: Blame): void {
  const { sent, scenario, reports } = evidence;
  const planned = plannedItems(evidence).length;
  const throttled = sent.filter(({ answered }) => answered?.meaning.isThrottle === true).length;
  const budget = Math.max(10, Math.floor(planned / 10));
  const most = planned + budget + rowsUnderWay(scenario.settings) * (reports.length - 1);
  if (sent.length - throttled > most)
    blame(`I8: ${sent.length} requests (${throttled} throttled), ${most} allowed`);
}

/** A life ends in order, or it was killed, or the disk failed: nothing else. */
function judgeEndOfLife({ story, requests, isComplete }: View, blame: Blame): void {
  const { end, thrown, storageFailedAt, killedBy } = story;
  if (storageFailedAt !== null) {
    const late = requests.filter(({ order }) => order > storageFailedAt).length;
    if (late > 0) blame(`I13: ${late} requests after a failed write`);
    const isStorageError = thrown instanceof Error && 'kind' in thrown && thrown.kind === 'storage';
    if (killedBy === null && !isStorageError)
      blame(
        `I13: a failed write ended as ${thrown === null ? `exit ${end?.exitCode ?? '?'}` : messageOf(thrown)}`,
      );
    return;
  }
  if (thrown !== null) blame(`I9: the life failed: ${messageOf(thrown)}`);
  if (end === null) return;
  const code = end.stopReason === null ? 0 : STOPS.find(([reason]) => reason === end.stopReason)?.[1];
  if (end.exitCode !== code) blame(`I3: stopped by ${String(end.stopReason)} with exit code ${end.exitCode}`);
  if (end.stopReason === null && !isComplete) blame('I9: the life ended without a reason and left rows');
}

/** I5 and its like: what must stop the run does, at once, and nothing else does. */
function judgeStops(view: View, blame: Blame): void {
  const { story, requests, answers, isComplete } = view;
  const { end, signalledAt } = story;
  const musts = mustStop(view);
  const first = Math.min(...musts.map(({ order }) => order), signalledAt?.order ?? Infinity);
  const late = requests.filter(({ order }) => order > first);
  if (late.length > 0)
    blame(`I5: ${late.length} requests after what must stop the run, such as ${late[0]?.target ?? ''}`);
  const refused = answers.filter(({ answered }) => answered.meaning.stops === 'unauthorized').length;
  if (refused > story.settings.concurrency) blame(`I5: ${refused} requests saw that the key is refused`);
  if (end === null) return;

  const stoppedAt = Math.min(...musts.map(({ at }) => at), signalledAt?.at ?? Infinity);
  const { diskMs, lateMs } = view.evidence.scenario;
  if (story.endedAt > stoppedAt + DRAIN_MS + 4 * diskMs + lateMs + 100) blame('I9: it took too long to stop');

  const worst = Math.min(...musts.map(({ reason }) => severityOf(reason)));
  const told = end.stopReason === null ? Infinity : severityOf(end.stopReason);
  const isOver = isComplete && (STOPS[worst]?.[1] ?? 5) === 5;
  if (told > worst && !isOver)
    blame(`I5: ${STOPS[worst]?.[0] ?? ''} must stop the run, it ended with ${String(end.stopReason)}`);
  if (end.stopReason !== null && !isJustified(end.stopReason, view))
    blame(`I5: nothing justifies the stop ${end.stopReason}`);
}

interface MustStop {
  readonly reason: StopReason;
  readonly order: number;
  readonly at: number;
}

function mustStop(view: View): MustStop[] {
  const musts: MustStop[] = [];
  let notTheApi = 0;
  let forbidden = 0;
  for (const { answered } of view.answers) {
    const { meaning, order, at } = answered;
    const must = (reason: StopReason): void => void musts.push({ reason, order, at });
    if (meaning.stops !== undefined) must(meaning.stops);
    if ((meaning.pauseMs ?? 0) > LONGEST_PAUSE_MS) must('long_retry_after');
    notTheApi = meaning.isNotTheApi === true ? notTheApi + 1 : 0;
    forbidden = meaning.isForbidden === true ? forbidden + 1 : 0;
    if (notTheApi >= 2) must('not_the_api');
    if (forbidden >= 3) must('forbidden');
  }
  const surge = surgeAt(view);
  if (surge !== null) musts.push({ reason: 'not_found_surge', ...surge });
  return musts;
}

/** When too many IDs turned out to be unknown, judged by what their rows ended as. */
function surgeAt({ answers, story, evidence }: View): { readonly order: number; readonly at: number } | null {
  if (story.settings.allowNotFound || story.killedBy !== null || story.storageFailedAt !== null) return null;
  const outcomes = new Map(
    evidence.reports.at(-1)?.rows.map((row) => [`${row.kind} ${row.id}`, row.outcome]),
  );
  const missing: boolean[] = [];
  for (const { answered, named } of answers) {
    const { says } = answered.meaning;
    const outcome = outcomes.get(`${named?.kind ?? ''} ${named?.id ?? ''}`);
    if (says === 'silence' || says === 'did_nothing' || outcome === 'unknown') continue;
    missing.push(outcome === 'not_found');
    const early = missing.length <= 10 && missing.filter(Boolean).length >= 5;
    if (early || missing.slice(-50).filter(Boolean).length >= 10) return answered;
  }
  return null;
}

function isJustified(reason: StopReason, { answers, story, evidence, requests }: View): boolean {
  const count = (is: (meaning: Meaning) => boolean): number =>
    answers.filter(({ answered }) => is(answered.meaning)).length;
  const livedMs = story.endedAt - story.startedAt;
  switch (reason) {
    case 'signal':
      return story.signalledAt !== null;
    case 'max_duration':
      return story.settings.maxDurationMs !== null && livedMs >= story.settings.maxDurationMs;
    case 'long_retry_after':
      return count(({ pauseMs = 0 }) => pauseMs > LONGEST_PAUSE_MS) > 0;
    case 'outage':
      // 15, 30, 60 and 120 seconds, each with a probe that failed.
      return livedMs >= 225_000 && count(({ isOutage }) => isOutage === true) >= 5;
    case 'holds_unreadable':
      return evidence.scenario.holds !== null && story.endedAt >= evidence.scenario.holds.unreadableFrom;
    case 'not_the_api':
      return count(({ isNotTheApi }) => isNotTheApi === true) >= 2;
    case 'forbidden':
      return count(({ isForbidden }) => isForbidden === true) >= 3;
    case 'not_found_surge':
      return !story.settings.allowNotFound && count(({ says }) => says === 'unknown_id') >= 5;
    case 'storage':
    case 'bug':
      return false;
    default:
      return count(({ stops }) => stops === reason) > 0 && requests.length > 0;
  }
}

/** I12: nothing leaves inside a pause that the server asked for, in this life or, once it ended in order, a later one. */
function judgePauses({ answers, story, evidence }: View, blame: Blame): void {
  const isKept = story.end !== null;
  for (const { answered } of answers) {
    const { pauseMs = 0 } = answered.meaning;
    if (pauseMs === 0) continue;
    const until = answered.at + pauseMs;
    const inside = evidence.sent.find(
      ({ order, at, life }) =>
        order > answered.order &&
        at < until &&
        (life === story.number || (isKept && !wasClockSet(evidence, answered.at, at))),
    );
    if (inside !== undefined) {
      blame(
        `I12: ${inside.target} left at ${inside.at.toFixed(1)} ms (life ${inside.life}) inside a pause until ${until.toFixed(1)} ms`,
      );
    }
  }
}

/** A pause is kept across lives as a time of the wall clock: once that was set, nobody can know when it ends. */
function wasClockSet({ world }: Evidence, from: number, to: number): boolean {
  return world.wallJumps.some(({ at }) => from <= at && at <= to);
}

/** Ten ends in a row as in an outage, from three IDs or more, or 25 among the last 50: nothing leaves for 15 seconds. */
function judgeBreaker({ requests, answers }: View, blame: Blame): void {
  let inARow = 0;
  let ids = new Set<string>();
  /** Where fewer IDs are left, as few are enough: the breaker may be open since then, and a probe is due earlier. */
  let mayBeOpen = false;
  const latest: boolean[] = [];
  for (const { answered, target } of answers) {
    const { meaning, order, at } = answered;
    if (meaning.isThrottle === true) continue;
    const isOutage = meaning.isOutage === true;
    inARow = isOutage ? inARow + 1 : 0;
    ids = inARow === 0 ? new Set() : ids.add(target);
    latest.push(isOutage);
    const isMost = latest.slice(-50).filter(Boolean).length >= 25;
    mayBeOpen = inARow >= 10 && (mayBeOpen || ids.size < 3);
    if (mayBeOpen || (!isMost && inARow < 10)) continue;
    const inside = requests.find((sent) => sent.order > order && sent.at < at + 15_000);
    if (inside !== undefined)
      blame(`I8: ${inside.target} left ${(inside.at - at).toFixed(0)} ms into an outage`);
    return;
  }
}

/** I8 for each ID: so many attempts and no more. */
function judgePerId({ requests, story }: View, blame: Blame): void {
  const counted = new Map<string, { throttled: number; others: number }>();
  for (const { target, answered } of requests) {
    const count = counted.get(target) ?? { throttled: 0, others: 0 };
    counted.set(target, count);
    if (answered?.meaning.isThrottle === true) count.throttled += 1;
    else count.others += 1;
  }
  for (const [target, { throttled, others }] of counted) {
    if (others > story.settings.attempts) blame(`I8: ${target} was sent ${others} times`);
    if (throttled > THROTTLED_PER_ID) blame(`I8: ${target} was throttled ${throttled} times`);
  }
}

/** An ID on hold is not sent once the hold could be known, and nothing is while nobody can know. */
function judgeHolds({ requests, story, evidence, isHealed }: View, blame: Blame): void {
  const { holds, items, connectMs, diskMs, lateMs } = evidence.scenario;
  if (holds === null) return;
  const { rate, concurrency } = story.settings;
  // A turn can wait for the disk, and together with others for its admission.
  const mayWait = diskMs > 100 || holds.unreadableFrom < Infinity;
  const queueMs = mayWait ? (concurrency * rate.windowMs) / rate.count : 0;
  const slackMs = HOLDS_FRESH_MS + connectMs + 2 * diskMs + 2 * lateMs + queueMs + 300;
  for (const { at, item } of holds.puts) {
    const held = items[item];
    const late = requests.find(
      (sent) => sent.named?.id === held?.id && sent.named?.kind === held?.kind && sent.at > at + slackMs,
    );
    if (late !== undefined)
      blame(`I1: ${late.target} was sent ${(late.at - at).toFixed(0)} ms after it was held`);
  }
  if (isHealed) return;
  const from = Math.max(holds.unreadableFrom, story.startedAt) + slackMs;
  const blind = requests.find(({ at }) => at > from && at < holds.unreadableTo);
  if (blind !== undefined) blame(`I1: ${blind.target} was sent while the holds could not be read`);
}

/** I9: a life that nothing disturbs takes no longer than its requests need. */
function judgeDuration({ requests, story, evidence, isHealed }: View, blame: Blame): void {
  const { settings, latencyMs, connectMs, diskMs, lateMs } = evidence.scenario;
  const { maxDurationMs } = story.settings;
  if (maxDurationMs !== null) {
    const late = requests.find(({ at }) => at > story.startedAt + maxDurationMs + diskMs + lateMs + 1);
    if (late !== undefined) blame(`I9: ${late.target} was sent after --max-duration`);
  }
  if (!isHealed) return;
  const { count, windowMs } = settings.rate;
  const each = (windowMs + 5) / count + connectMs + latencyMs + 1 + 2 * diskMs + 5 * lateMs;
  // A row that turns out to be on hold takes a turn, too.
  const turns = requests.length + (evidence.scenario.holds?.puts.length ?? 0);
  const mostMs = story.pausedMs + windowMs + turns * each + 4 * diskMs + 5 * lateMs + 300;
  const tookMs = story.endedAt - story.startedAt;
  if (tookMs > mostMs)
    blame(`I9: an undisturbed life took ${tookMs.toFixed(0)} ms, ${mostMs.toFixed(0)} are enough`);
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : 'something else was thrown';
}

function severityOf(reason: StopReason): number {
  const severity = STOPS.findIndex(([known]) => known === reason);
  return severity === -1 ? -Infinity : severity;
}
