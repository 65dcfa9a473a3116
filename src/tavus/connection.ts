import type { Client } from 'undici';

import type { Sending } from '../ports.ts';
import type { Scrub } from '../scrub.ts';
import { Exchange, type ExchangeEnd } from './exchange.ts';
import { Lanes } from './lanes.ts';
import type { Observation } from './observation.ts';
import { checkKey, parseBaseUrl } from './target.ts';

/** How to reach the API and how to speak to it; the same for both clients. */
export interface ClientOptions {
  readonly baseUrl: string;
  readonly apiKey: string;
  /** Connections at most, and so requests in flight. */
  readonly concurrency: number;
  /** `tavus-purge/<version> (run <runId>)`. */
  readonly userAgent: string;
  /** Takes the key out of every text that an answer brings. */
  readonly scrub: Scrub;
  /** Wall clock, milliseconds since 1970 UTC. */
  readonly now: () => number;
  /** For tests: the only certificate authority to trust. */
  readonly tls?: { readonly ca?: string };
}

/** The one thing that a connection can do: ask `method` of the path of what is asked, and read what comes back. */
export interface Exchanging<Asked, Answer> {
  readonly method: 'DELETE' | 'GET';
  /** Throws when this must not be asked. */
  readonly pathOf: (asked: Asked) => string;
  readonly read: (observation: Observation, asked: Asked) => Answer;
}

/** One kind of request at one origin. */
export interface Connection<Asked, Answer> {
  /**
   * Sends one request, once, unless `mayLeave` says no in the moment in which it would leave. Rejects for a bug only,
   * never for what the network or the server does.
   */
  exchange(asked: Asked, sending: Sending, mayLeave?: () => boolean): Promise<Answer>;
  /** Closes every connection, also under a request in flight. */
  close(): Promise<void>;
}

/** The longest answer that is read; the documented ones have less than 100 bytes. */
const MAX_BODY_BYTES = 64 * 1024;
const MAX_HEADER_BYTES = 16 * 1024;
/** Shorter than an attempt's default limit, so that a host that does not answer is known as "not sent". */
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Opens a pool of connections that can do one thing and nothing else. Redirects are never followed, requests never
 * pipelined, certificates always verified (also when the environment says otherwise). Connects at the first request.
 */
export function openConnection<Asked, Answer>(
  { method, pathOf, read }: Exchanging<Asked, Answer>,
  options: ClientOptions,
): Connection<Asked, Answer> {
  const lanes = new Lanes(parseBaseUrl(options.baseUrl), options.concurrency, {
    pipelining: 1,
    allowH2: false,
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    maxResponseSize: MAX_BODY_BYTES,
    // Off: one deadline per attempt (`Exchange`) covers all of them, and costs less.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { ...options.tls, rejectUnauthorized: true },
  });
  // Names and values by turns, as undici takes them.
  const headers = Object.entries({
    'x-api-key': checkKey(options.apiKey),
    'user-agent': options.userAgent,
    accept: 'application/json',
    // A compressed answer could be a bomb, and is never needed for 100 bytes.
    'accept-encoding': 'identity',
  }).flat();
  const abortable = new AbortableExchanges();

  return {
    exchange: (asked, { timeoutMs, signal }, mayLeave) =>
      new Promise((resolve, reject) => {
        const path = pathOf(asked);
        let mine: Client | undefined;
        const leave = (): void => {
          if (signal !== undefined) abortable.remove(signal, exchange);
          if (mine === undefined) return;
          if (exchange.isStuck) lanes.replace(mine);
          else lanes.giveBack(mine);
        };
        const end: ExchangeEnd = {
          resolve: (observation) => {
            leave();
            // undici would keep what is thrown here to itself.
            try {
              resolve(read(observation, asked));
            } catch (bug) {
              reject(bug);
            }
          },
          reject: (bug) => {
            leave();
            reject(bug);
          },
        };
        const exchange = new Exchange(timeoutMs, end, mayLeave);
        if (signal !== undefined) abortable.add(signal, exchange);
        lanes.take((client) => {
          if (exchange.ended) {
            lanes.giveBack(client);
            return;
          }
          mine = client;
          client.dispatch({ method, path, headers }, exchange);
        });
      }),
    close: () => lanes.close(),
  };
}

/** One listener per signal, not per request: adding and removing one costs a third of a request (PERFORMANCE.md). */
class AbortableExchanges {
  // Arrays, for as few entries as there are connections: a Set that is always added to and deleted from costs 5 µs a request.
  readonly #bySignal = new WeakMap<AbortSignal, Exchange[]>();

  add(signal: AbortSignal, exchange: Exchange): void {
    if (signal.aborted) exchange.abort();
    else this.#of(signal).push(exchange);
  }

  remove(signal: AbortSignal, exchange: Exchange): void {
    const inFlight = this.#bySignal.get(signal);
    const index = inFlight?.indexOf(exchange) ?? -1;
    if (inFlight === undefined || index === -1) return;
    const last = inFlight.pop();
    if (last !== undefined && last !== exchange) inFlight[index] = last;
  }

  #of(signal: AbortSignal): Exchange[] {
    const known = this.#bySignal.get(signal);
    if (known !== undefined) return known;
    const inFlight: Exchange[] = [];
    this.#bySignal.set(signal, inFlight);
    // A copy, since an exchange that ends leaves the array.
    signal.addEventListener('abort', () => Array.from(inFlight).forEach((exchange) => exchange.abort()), {
      once: true,
    });
    return inFlight;
  }
}
