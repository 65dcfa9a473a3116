import type { Client } from 'undici';

import type { Sending } from '../ports.ts';
import type { Scrub } from '../scrub.ts';
import { Exchange, type ExchangeEnd } from './exchange.ts';
import { Lanes, type Taker } from './lanes.ts';
import type { Observation } from './observation.ts';
import { checkKey, parseBaseUrl } from './target.ts';
import { UnderWay } from './under-way.ts';

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
    // Off: one deadline per attempt (`UnderWay`) covers all of them, and costs less.
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
  const underWay = new UnderWay();

  const way: Way<Asked, Answer> = { method, pathOf, read, headers, lanes, underWay };

  return {
    exchange: (asked, sending, mayLeave) =>
      new Promise((resolve, reject) => {
        new Passage(way, { asked, resolve, reject }, sending, mayLeave).begin();
      }),
    async close() {
      try {
        await lanes.close();
      } finally {
        underWay.close();
      }
    },
  };
}

/** What all requests of a connection share. */
interface Way<Asked, Answer> extends Exchanging<Asked, Answer> {
  readonly headers: string[];
  readonly lanes: Lanes;
  readonly underWay: UnderWay;
}

interface Question<Asked, Answer> {
  readonly asked: Asked;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (bug: unknown) => void;
}

/**
 * One request, from its wait for a client to what its answer means. A class, since it is made for each ID: closures in its
 * place took half a microsecond more.
 */
class Passage<Asked, Answer> implements ExchangeEnd, Taker {
  readonly #way: Way<Asked, Answer>;
  readonly #question: Question<Asked, Answer>;
  readonly #path: string;
  readonly #exchange: Exchange;
  #client: Client | undefined;

  constructor(
    way: Way<Asked, Answer>,
    question: Question<Asked, Answer>,
    sending: Sending,
    mayLeave: (() => boolean) | undefined,
  ) {
    this.#way = way;
    this.#question = question;
    this.#path = way.pathOf(question.asked);
    this.#exchange = new Exchange(sending, this, mayLeave);
  }

  begin(): void {
    this.#way.underWay.add(this.#exchange);
    this.#way.lanes.take(this);
  }

  use(client: Client): void {
    const { method, headers, lanes } = this.#way;
    if (this.#exchange.ended) {
      lanes.giveBack(client);
      return;
    }
    this.#client = client;
    client.dispatch({ method, path: this.#path, headers }, this.#exchange);
  }

  resolve(observation: Observation): void {
    this.#leave();
    const { asked, resolve, reject } = this.#question;
    // undici would keep what is thrown here to itself.
    try {
      resolve(this.#way.read(observation, asked));
    } catch (bug) {
      reject(bug);
    }
  }

  reject(bug: unknown): void {
    this.#leave();
    this.#question.reject(bug);
  }

  #leave(): void {
    const { lanes, underWay } = this.#way;
    underWay.remove(this.#exchange);
    if (this.#client === undefined) return;
    if (this.#exchange.isStuck) lanes.replace(this.#client);
    else lanes.giveBack(this.#client);
  }
}
