import { Client } from 'undici';
import { TOOL } from '../version.ts';
import { TryFailed } from './notify-tries.ts';

/** A request of a notification. */
export interface Post {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Whether the words of the answer matter. */
  readonly readsAnswer: boolean;
}

const MAX_ANSWER_BYTES = 1_024;
const MAX_HEADER_BYTES = 16 * 1024;
/** Answers after which the same request may succeed. */
const PASSING = new Set([408, 425, 429]);
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS_|ERR_SSL_|HOSTNAME_MISMATCH/;

/**
 * Sends one POST over a connection of its own. Resolves with the first KiB of a 2xx answer if it is to be read; throws
 * TryFailed for everything else. Redirects are not followed, certificates are verified whatever the environment says.
 */
export async function post({ url, headers, body, readsAnswer }: Post, signal: AbortSignal): Promise<string> {
  const client = new Client(url.origin, {
    pipelining: 1,
    allowH2: false,
    maxHeaderSize: MAX_HEADER_BYTES,
    // Off: the limit of the try, which comes as `signal`, covers all of them.
    connectTimeout: 0,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { rejectUnauthorized: true },
  });
  try {
    const answer = await client.request({
      method: 'POST',
      path: `${url.pathname}${url.search}`,
      headers: { ...headers, 'user-agent': `${TOOL.name}/${TOOL.version}`, 'accept-encoding': 'identity' },
      body,
      signal,
    });
    // A body that nobody reads is an error once its connection is destroyed.
    answer.body.on('error', () => undefined);
    refuseAnswer(answer.statusCode);
    return readsAnswer ? await beginningOf(answer.body) : '';
  } catch (thrown) {
    throw thrown instanceof TryFailed ? thrown : networkFailure(thrown);
  } finally {
    await client.destroy();
  }
}

function refuseAnswer(status: number): void {
  if (status >= 200 && status < 300) return;
  const isRedirect = status >= 300 && status < 400;
  const redirect = isRedirect ? ', and redirects are not followed' : '';
  throw new TryFailed(`answered ${String(status)}${redirect}`, status >= 500 || PASSING.has(status));
}

async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= MAX_ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, MAX_ANSWER_BYTES);
}

/** By code or class alone: the messages of errors may hold the URL. */
function networkFailure(thrown: unknown): TryFailed {
  const code = codeOf(thrown);
  if (CERTIFICATE.test(code)) {
    return new TryFailed(`has a certificate that cannot be verified (${code})`, false);
  }
  const known = PROBLEMS[code];
  return new TryFailed(known ?? `could not be reached (${code})`, true);
}

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'has a name that nobody knows',
  EAI_AGAIN: 'has a name that could not be looked up',
  ECONNREFUSED: 'refused the connection',
  ECONNRESET: 'closed the connection without an answer',
  HTTPParserError: 'gave an answer that is no HTTP',
  UND_ERR_SOCKET: 'closed the connection without an answer',
};

function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'no code';
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : thrown.name;
  return /^\w{1,60}$/.test(code) ? code : 'no code';
}
