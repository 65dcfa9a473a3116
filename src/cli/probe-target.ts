import { request } from 'undici';
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

/** Sends one GET for a list of one replica, with the key if there is one; never follows a redirect, never rejects. */
export async function probeTarget(
  baseUrl: string,
  options: { readonly key: string | undefined; readonly signal: AbortSignal; readonly now: () => number },
): Promise<TargetProbe> {
  try {
    const startedAt = options.now();
    const response = await request(`${baseUrl}/v2/replicas?limit=1`, {
      headers: options.key === undefined ? {} : { 'x-api-key': options.key },
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      signal: AbortSignal.any([options.signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const middle = (startedAt + options.now()) / 2;
    await response.body.dump({ limit: 65_536 });
    const { date } = response.headers;
    const serverNow = typeof date === 'string' ? Date.parse(date) : Number.NaN;
    return {
      answered: true,
      status: response.statusCode,
      isAccepted: response.statusCode >= 200 && response.statusCode < 300,
      // `Date` has whole seconds: on average half a second has passed since.
      skewMs: Number.isNaN(serverNow) ? null : serverNow + 500 - middle,
    };
  } catch (error) {
    return { answered: false, why: printable(messageOf(error)) };
  }
}
