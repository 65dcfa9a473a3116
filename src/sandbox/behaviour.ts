/**
 * The words for what a request meets, as in `script: { '8a4f94e736': ['429:1', '503-applied', 'ok'] }`:
 *
 *     ok                        what the account decides, promptly
 *     slow:<ms>                 the same, but the answer comes late
 *     not_found                 400 `Invalid …_id`, whether the object exists or not
 *     lie                       success, and nothing is deleted
 *     <status>[:<retry-after>]  any status from 202 on, such as 202, 302, 401, 409, 422, 429:2, 503:date+5
 *     200-error                 200 with a JSON body that has `error`
 *     html, html-<status>       a portal's page, status 200 unless said
 *     reset-before, reset-after the connection is reset, without or after deleting
 *     hang                      no answer
 *     stall                     headers and half a body, then nothing; deletes
 *     truncated                 headers and half a body, then the connection closes; deletes
 *     huge                      success with 1 MiB of JSON; deletes
 *
 * `-applied` behind a word that does not delete makes it delete first: `503-applied`, `202-applied`, `hang-applied`.
 */

/** How an answer leaves. */
export type Delivery = 'whole' | 'reset' | 'hang' | 'stall' | 'truncated';

/** What the answer is: `account` leaves it to the account, the others are made in `answers.ts`. */
export type AnswerName = 'account' | 'success' | 'not_found' | 'status' | 'ok_error' | 'html' | 'huge';

export interface Behaviour {
  /** The word that stands for it, without its argument. */
  readonly name: string;
  readonly answer: AnswerName;
  readonly delivery: Delivery;
  /** Whether a DELETE is carried out (where the account allows it). */
  readonly applies: boolean;
  readonly status: number;
  readonly delayMs: number;
  /** `Retry-After` as the header says it, or `date+<seconds>`. */
  readonly retryAfter: string | null;
}

/** The normal behaviour. */
export const NORMAL: Behaviour = {
  name: 'ok',
  answer: 'account',
  delivery: 'whole',
  applies: true,
  status: 200,
  delayMs: 0,
  retryAfter: null,
};

const NOTHING_DELETED: Behaviour = { ...NORMAL, answer: 'status', applies: false };

const WORDS: Readonly<Record<string, Behaviour>> = {
  ok: NORMAL,
  not_found: { ...NOTHING_DELETED, answer: 'not_found', status: 400 },
  lie: { ...NOTHING_DELETED, answer: 'success' },
  '200-error': { ...NOTHING_DELETED, answer: 'ok_error' },
  html: { ...NOTHING_DELETED, answer: 'html' },
  'reset-before': { ...NOTHING_DELETED, delivery: 'reset' },
  'reset-after': { ...NORMAL, delivery: 'reset' },
  hang: { ...NOTHING_DELETED, delivery: 'hang' },
  stall: { ...NORMAL, delivery: 'stall' },
  truncated: { ...NORMAL, delivery: 'truncated' },
  huge: { ...NORMAL, answer: 'huge' },
};

const APPLIED = '-applied';

/** What a word means, or `undefined` when it is none. */
export function parseBehaviour(text: string): Behaviour | undefined {
  const colon = text.indexOf(':');
  const name = colon < 0 ? text : text.slice(0, colon);
  const argument = colon < 0 ? null : text.slice(colon + 1);
  if (name === 'slow') return parseSlow(name, argument);
  const applied = name.endsWith(APPLIED);
  const base = parseBase(applied ? name.slice(0, -APPLIED.length) : name);
  if (base === undefined) return undefined;
  // "ok-applied" and "reset-after-applied" would say nothing more, so they are taken for mistakes.
  if (applied && base.applies) return undefined;
  if (argument !== null && !isRetryAfter(base, argument)) return undefined;
  return { ...base, name, applies: base.applies || applied, retryAfter: argument };
}

function parseBase(name: string): Behaviour | undefined {
  if (Object.hasOwn(WORDS, name)) return WORDS[name];
  const [, page, digits] = /^(html-)?([2-5]\d\d)$/.exec(name) ?? [];
  if (digits === undefined) return undefined;
  const status = Number(digits);
  if (page !== undefined) return { ...NOTHING_DELETED, answer: 'html', status };
  // 200 and 204 would be success without a deletion: that is called "lie".
  return status === 200 || status === 204 ? undefined : { ...NOTHING_DELETED, status };
}

function parseSlow(name: string, argument: string | null): Behaviour | undefined {
  if (argument === null || !/^\d{1,7}$/.test(argument)) return undefined;
  return { ...NORMAL, name, delayMs: Number(argument) };
}

/** Header text that Node can send; only answers with an own status carry it. */
function isRetryAfter(base: Behaviour, text: string): boolean {
  return base.answer === 'status' && base.delivery === 'whole' && /^[\x20-\x7e]{1,100}$/.test(text);
}
