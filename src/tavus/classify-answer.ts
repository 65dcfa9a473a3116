/**
 * What the API's answers mean: the table of CONTRACT.md 6, and the only place that knows HTTP codes. Pure.
 *
 * Where two rows of the table fit one answer, the reading here is:
 * - An answer that was cut off, is too long or is not JSON proves nothing ("may be applied"), but a status that stops
 *   the run (3xx, 401, 402, the 405 class) still stops it, and a 429 still pauses everybody.
 * - A whole 429 did nothing even if its body is HTML: limiters in front of an API answer so. Calling it "maybe" would
 *   turn a later "unknown ID" into `deleted_inferred` and hide a wrong list from the surge rule.
 * - An empty 404 or 410 is `unknown`: documented errors are JSON, and a gateway that knows no such route answers so.
 * - Any other 4xx with JSON is a refusal; empty, it is as unknown as an empty 404.
 */
import type { Scrub } from '../scrub.ts';
import type { Effect, StopReason, Verdict } from '../types.ts';
import { detailOf, namesError, namesUnknownId, readBody, reportsError, words } from './answer-body.ts';
import type { AnswerBody } from './answer-body.ts';
import { ABORTED } from './observation.ts';
import type { HttpAnswer, Observation, RequestFailure } from './observation.ts';
import { retryAfterMs } from './retry-after.ts';

export type { Observation } from './observation.ts';

/** What an answer is read with: `now` (ms since 1970) judges a `Retry-After` date when the answer has no `Date`. */
export interface ReadingContext {
  readonly scrub: Scrub;
  readonly now: number;
}

type Rule = Pick<Verdict, 'applied' | 'next' | 'outcome' | 'effect'>;

const NONE: Effect = { type: 'none' };
const BREAKER: Effect = { type: 'breaker' };

const DELETED: Rule = { applied: 'yes', next: 'final', outcome: 'deleted', effect: NONE };
const UNCONFIRMED: Rule = {
  applied: 'maybe',
  next: 'final',
  outcome: 'unknown',
  effect: { type: 'warning' },
};
const UNPROVEN: Rule = { applied: 'maybe', next: 'final', outcome: 'unknown', effect: NONE };
const NOT_THE_API: Rule = { ...UNPROVEN, effect: { type: 'not_the_api' } };
const REDIRECTED: Rule = { ...UNPROVEN, effect: stop('redirect') };
const NOT_FOUND: Rule = { applied: 'no', next: 'final', outcome: 'not_found', effect: NONE };
const REJECTED: Rule = { applied: 'no', next: 'final', outcome: 'rejected', effect: NONE };
const WRONG_ENDPOINT: Rule = { ...REJECTED, effect: stop('wrong_endpoint') };
const BUSY: Rule = { applied: 'no', next: 'retry', outcome: 'failed', effect: NONE };
const TRY_AGAIN: Rule = { applied: 'maybe', next: 'retry', outcome: 'unknown', effect: NONE };
const THROTTLED: Rule = {
  applied: 'no',
  next: 'retry_throttled',
  outcome: 'failed',
  effect: { type: 'throttle' },
};
const UNANSWERED: Rule = { applied: 'maybe', next: 'retry', outcome: 'unknown', effect: BREAKER };
const UNREACHED: Rule = { applied: 'no', next: 'retry', outcome: 'failed', effect: BREAKER };

/** The statuses whose meaning does not depend on a JSON body's content. */
const BY_STATUS: ReadonlyMap<number, Rule> = new Map([
  [401, neverAttempted('unauthorized')],
  [402, neverAttempted('payment_required')],
  [403, { ...REJECTED, effect: { type: 'forbidden' } }],
  [412, REJECTED],
  [422, REJECTED],
  [451, REJECTED],
  [405, WRONG_ENDPOINT],
  [406, WRONG_ENDPOINT],
  [411, WRONG_ENDPOINT],
  [414, WRONG_ENDPOINT],
  [415, WRONG_ENDPOINT],
  [426, WRONG_ENDPOINT],
  [431, WRONG_ENDPOINT],
  [501, WRONG_ENDPOINT],
  [505, WRONG_ENDPOINT],
  [409, BUSY],
  [423, BUSY],
  [408, TRY_AGAIN],
  [425, TRY_AGAIN],
  [429, THROTTLED],
]);

/** What one request's end means for its row and for the run. Total: every observation has a verdict. */
export function classifyAnswer(observation: Observation, context: ReadingContext): Verdict {
  return observation.kind === 'answer'
    ? classifyHttp(observation, context)
    : classifyFailure(observation, context);
}

function classifyHttp(answer: HttpAnswer, { scrub, now }: ReadingContext): Verdict {
  const body = readBody(answer.body);
  const rule = ruleFor(answer, body);
  return {
    ...rule,
    status: answer.status,
    detail: detailOf(describe(answer, body, rule), scrub),
    retryAfterMs:
      rule.next === 'final' ? null : retryAfterMs(answer.headers['retry-after'], answer.headers['date'], now),
  };
}

function ruleFor(answer: HttpAnswer, body: AnswerBody): Rule {
  const { status } = answer;
  const known = isRedirect(status) ? REDIRECTED : BY_STATUS.get(status);
  if (answer.truncated || answer.oversized) return withoutProof(known, UNANSWERED);
  if (status < 200 || status > 599) return NOT_THE_API;
  if (status >= 500) return known ?? UNANSWERED;
  if (known === THROTTLED) return known;
  if (body.shape === 'other') return withoutProof(known, NOT_THE_API);
  if (status < 300) return status === 202 || reportsError(body) ? UNCONFIRMED : DELETED;
  if (known !== undefined) return known;
  if (status === 400) return namesUnknownId(body) ? NOT_FOUND : REJECTED;
  if (status === 404 || status === 410) return namesError(body) ? NOT_FOUND : UNPROVEN;
  return body.shape === 'json' ? REJECTED : UNPROVEN;
}

/** A damaged or foreign answer: what it claims about the ID is not believed, what it says about going on is heeded. */
function withoutProof(known: Rule | undefined, otherwise: Rule): Rule {
  if (known?.effect.type !== 'stop' && known?.effect.type !== 'throttle') return otherwise;
  return { ...known, applied: 'maybe', outcome: 'unknown' };
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}

function describe(answer: HttpAnswer, body: AnswerBody, rule: Rule): string {
  const said = words(body);
  const saying = said === '' ? '' : `: ${said}`;
  if (isRedirect(answer.status)) {
    return `HTTP ${answer.status}, a redirect to ${locationHost(answer)}, not followed`;
  }
  if (answer.oversized) return `HTTP ${answer.status} with an answer over 64 KiB${saying}`;
  if (answer.truncated) return `HTTP ${answer.status} with an answer that broke off${saying}`;
  if (rule === NOT_THE_API || (body.shape === 'other' && answer.status < 500)) {
    return `HTTP ${answer.status} that is not from the API${saying}`;
  }
  if (rule === DELETED) return said === '' ? 'confirmed' : said;
  if (answer.status === 202) return `HTTP 202, accepted but not confirmed${saying}`;
  if (rule === UNCONFIRMED) return `HTTP ${answer.status} that reports an error${saying}`;
  return said === '' ? `HTTP ${answer.status} with an empty answer` : said;
}

/** The host alone: the rest of a `Location` may repeat what was sent. */
function locationHost({ headers }: HttpAnswer): string {
  const { location } = headers;
  if (typeof location !== 'string') return 'nowhere';
  const here = 'https://same-host.invalid';
  const target = URL.parse(location, here);
  if (target === null) return 'an address that cannot be read';
  return target.origin === here ? 'the same host' : target.host;
}

function classifyFailure(failure: RequestFailure, { scrub }: ReadingContext): Verdict {
  const described = failure.message.includes(failure.code)
    ? failure.message
    : `${failure.message} (${failure.code})`;
  const [rule, what] = failureRule(failure);
  return { ...rule, status: null, detail: detailOf(`${what}: ${described}`, scrub), retryAfterMs: null };
}

function failureRule({ kind, code }: RequestFailure): readonly [rule: Rule, what: string] {
  if (kind === 'tls') return [neverAttempted('tls'), 'not sent, the TLS certificate was refused'];
  const [rule, what] =
    kind === 'sent' ? ([UNANSWERED, 'sent, no answer'] as const) : ([UNREACHED, 'not sent'] as const);
  // An abort of our own says nothing about the server, so it must not open the breaker.
  return [code === ABORTED ? { ...rule, effect: NONE } : rule, what];
}

function neverAttempted(reason: StopReason): Rule {
  return { applied: 'no', next: 'final', outcome: 'not_attempted', effect: stop(reason) };
}

function stop(reason: StopReason): Effect {
  return { type: 'stop', reason };
}
