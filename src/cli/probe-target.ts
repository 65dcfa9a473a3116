import type { IncomingMessage } from 'node:http';
import { messageOf } from '../errors.ts';
import { printable } from '../printable.ts';

const TIMEOUT_MS = 10_000;

/** What one harmless GET says about a target. */
export type TargetProbe =
  | {
      readonly answered: true;
      readonly status: number;
      readonly isAccepted: boolean;
      /** How far the server's clock is ahead of ours; `null` without a usable `Date`. It is good to about a second. */
      readonly skewMs: number | null;
    }
  | { readonly answered: false; readonly why: string };

interface ProbeOptions {
  readonly key: string | undefined;
  readonly signal: AbortSignal;
  readonly now: () => number;
}

/**
 * Sends one GET for a list of one replica, with the key if there is one. Never follows a redirect, always verifies
 * certificates, never rejects. Node's own client does for one request: undici takes longer to load than all of `doctor`.
 */
export async function probeTarget(baseUrl: string, options: ProbeOptions): Promise<TargetProbe> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const startedAt = options.now();
    const { statusCode = 0, headers } = await get(`${baseUrl}/v2/replicas?limit=1`, {
      headers: options.key === undefined ? {} : { 'x-api-key': options.key },
      signal: AbortSignal.any([options.signal, timeout]),
    });
    const middle = (startedAt + options.now()) / 2;
    const serverNow = Date.parse(headers.date ?? '');
    return {
      answered: true,
      status: statusCode,
      isAccepted: statusCode >= 200 && statusCode < 300,
      // `Date` has whole seconds: on average half a second has passed since.
      skewMs: Number.isNaN(serverNow) ? null : serverNow + 500 - middle,
    };
  } catch (error) {
    if (timeout.aborted) return { answered: false, why: `nothing came within ${TIMEOUT_MS / 1000} s` };
    return { answered: false, why: printable(reasonOf(error)) };
  }
}

/** The head of the answer; its body is not read. */
function get(
  url: string,
  options: { readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal },
): Promise<IncomingMessage> {
  // Not imported: a module that imports node:http makes Node load its fetch, which takes longer than the rest of it.
  const { request } = process.getBuiltinModule(url.startsWith('https:') ? 'node:https' : 'node:http');
  return new Promise((resolve, reject) => {
    const asked = request(url, { ...options, agent: false, rejectUnauthorized: true }, (response) => {
      resolve(response);
      response.destroy();
    });
    asked.once('error', reject);
    // An answer that switches protocols is no answer to Node, and no error.
    asked.once('close', () => {
      reject(new Error('the connection was closed without an answer'));
    });
    asked.end();
  });
}

/** Where a host has several addresses, Node has an error for each, and no message for all. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return messageOf(error);
}
