import { Client } from 'undici';

/** One connection, with the number of requests that it has to answer. */
export interface Lane {
  readonly client: Client;
  requests: number;
}

/**
 * As many connections to one origin as requests may be in flight, opened as they are needed. It is what undici's Pool
 * does too, which looks through all its connections for each request: a seventh of what a request costs.
 */
export class Lanes {
  readonly #origin: string;
  readonly #most: number;
  readonly #options: Client.Options;
  readonly #lanes: Lane[] = [];
  /** Those without a request, the latest used last: its connection is the least likely to have been closed meanwhile. */
  readonly #idle: Lane[] = [];
  #isClosed = false;

  constructor(origin: string, most: number, options: Client.Options) {
    this.#origin = origin;
    this.#most = most;
    this.#options = options;
  }

  /** A lane for one request, which waits for its turn if there are more requests than lanes. */
  take(): Lane {
    const lane = this.#idle.pop() ?? this.#open() ?? this.#leastBusy();
    lane.requests += 1;
    return lane;
  }

  /** The request for which the lane was taken is over. */
  giveBack(lane: Lane): void {
    lane.requests -= 1;
    if (lane.requests === 0) this.#idle.push(lane);
  }

  /** Closes every connection, also under a request in flight. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#lanes.map(({ client }) => client.destroy()));
  }

  #open(): Lane | undefined {
    if (this.#lanes.length === this.#most) return undefined;
    const lane = { client: new Client(this.#origin, this.#options), requests: 0 };
    this.#lanes.push(lane);
    // It refuses what comes too late, as the others do.
    if (this.#isClosed) void lane.client.destroy();
    return lane;
  }

  #leastBusy(): Lane {
    return this.#lanes.reduce((least, lane) => (lane.requests < least.requests ? lane : least));
  }
}
