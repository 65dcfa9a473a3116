import type { Kind } from '../types.ts';
import type { AnswerName, Behaviour } from './behaviour.ts';

/** An answer before it leaves: everything but the `Date` header. */
export interface Answer {
  readonly status: number;
  /** `null` is an empty body. */
  readonly body: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const HTML_TYPE = { 'content-type': 'text/html; charset=utf-8' };

/** Statuses that HTTP gives no body (RFC 9110, 15). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** Where redirects lead: a page of the sandbox that counts its visitors. */
export const DECOY_PATH = '/__sandbox/decoy';

/** A JSON answer. */
export function json(status: number, value: unknown): Answer {
  return { status, body: JSON.stringify(value), headers: JSON_TYPE };
}

/** What a delete answers when it succeeds: nothing but the status. */
export function success(status: number): Answer {
  return { status, body: null, headers: {} };
}

/** What the API says about an ID that it does not know. */
export function invalidId(kind: Kind): Answer {
  return json(400, { error: `Invalid ${kind}_id` });
}

/** What is said about a parameter that cannot be read: schema errors are Python text inside `error`. */
export function badParameter(name: string): Answer {
  return json(400, { error: `Bad Request. {'${name}': ['Not a valid value.']}` });
}

/** A page of a proxy or a portal, which is not the API. */
function portal(status: number): Answer {
  if (BODILESS.has(status)) return success(status);
  const body = `<!doctype html>\n<title>Sign in</title>\n<h1>Sign in to use this network</h1>\n<p>Status ${status}</p>\n`;
  return { status, body, headers: HTML_TYPE };
}

/** Success with 1 MiB of JSON, which nobody should read to its end. */
function huge(): Answer {
  return json(200, { status: 'deleted', padding: 'x'.repeat(1024 * 1024) });
}

const MESSAGES: Readonly<Record<number, string>> = {
  202: 'Accepted',
  401: 'Invalid access token',
  402: 'The user is out of credits',
  403: 'The caller does not own this object',
  404: 'Not found',
  409: 'The object is in use',
  429: 'Too many requests',
  500: 'Internal server error',
  502: 'Bad gateway',
  503: 'Service unavailable',
  504: 'Gateway timeout',
};

/**
 * The answer of a behaviour that has a status of its own. 401, 402 and 429 say it in `message` and the others in `error`, as
 * the API does both; redirects lead to the decoy.
 */
function statusAnswer(behaviour: Behaviour, { origin, now }: AnswerContext): Answer {
  const { status, retryAfter } = behaviour;
  const headers: Record<string, string> = {};
  if (retryAfter !== null) headers['retry-after'] = retryAfterHeader(retryAfter, now);
  if (status >= 300 && status < 400) {
    return { status, body: null, headers: { ...headers, location: `${origin}${DECOY_PATH}` } };
  }
  if (BODILESS.has(status)) return { status, body: null, headers };
  const text = MESSAGES[status] ?? `Status ${status}`;
  const inMessage = status < 400 || status === 401 || status === 402 || status === 429;
  const answer = json(status, inMessage ? { message: text } : { error: text });
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

/** `date+5` becomes an HTTP date (RFC 9110, 5.6.7); every other text stays. */
function retryAfterHeader(text: string, now: number): string {
  const seconds = /^date\+(\d{1,6})$/.exec(text)?.[1];
  return seconds === undefined ? text : new Date(now + Number(seconds) * 1000).toUTCString();
}

/** What an answer depends on besides the behaviour. */
export interface AnswerContext {
  readonly kind: Kind;
  /** What the account decides. */
  readonly fromAccount: () => Answer;
  readonly successStatus: number;
  /** Scheme and host under which the sandbox was asked. */
  readonly origin: string;
  /** The server's clock, ms since 1970. */
  readonly now: number;
}

const ANSWERS: Readonly<Record<AnswerName, (behaviour: Behaviour, context: AnswerContext) => Answer>> = {
  account: (_, { fromAccount }) => fromAccount(),
  success: (_, { successStatus }) => success(successStatus),
  not_found: (_, { kind }) => invalidId(kind),
  ok_error: () => json(200, { error: 'Something went wrong' }),
  html: ({ status }) => portal(status),
  huge(_, { fromAccount }) {
    const answer = fromAccount();
    return answer.status < 300 ? huge() : answer;
  },
  status: statusAnswer,
};

/** What a request is answered that meets `behaviour`. */
export function answerOf(behaviour: Behaviour, context: AnswerContext): Answer {
  return dated(ANSWERS[behaviour.answer](behaviour, context), context.now);
}

/** The answer with the headers that every answer has; in-process nobody else would add them. */
export function dated(answer: Answer, now: number): Answer {
  const headers: Record<string, string> = { ...answer.headers, date: new Date(now).toUTCString() };
  if (answer.body === null && !BODILESS.has(answer.status)) headers['content-length'] = '0';
  return { ...answer, headers };
}
