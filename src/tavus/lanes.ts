import { Client } from 'undici';

/** Whoever waits for a client. */
export interface Taker {
  /** Is called with a client as soon as there is one: at once, or later. */
  use(client: Client): void;
}

/**
 * As many connections to one origin as requests may be in flight, each for one request at a time, opened as they are
 * needed; further requests wait in the order in which they came. It is what undici's Pool does too, which looks through
 * its connections for each request: a seventh of what a request costs.
 */
export class Lanes {
  readonly #most: number;
  readonly #connect: () => Client;
  readonly #clients = new Set<Client>();
  /** The latest used last: its connection is the least likely to have been closed meanwhile. */
  readonly #idle: Client[] = [];
  readonly #waiting: Taker[] = [];
  #isClosed = false;

  constructor(origin: string, most: number, options: Client.Options) {
    this.#most = most;
    this.#connect = () => new Client(origin, options);
  }

  /** Whoever is given a client gives it back when the request is over. */
  take(taker: Taker): void {
    const client = this.#idle.pop() ?? (this.#clients.size < this.#most ? this.#open() : undefined);
    if (client === undefined) this.#waiting.push(taker);
    else taker.use(client);
  }

  giveBack(client: Client): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(client);
    else next.use(client);
  }

  /** Gives back a client whose request is over for us, while it still waits for a connection: a new one takes its place. */
  replace(client: Client): void {
    this.#clients.delete(client);
    void client.destroy();
    this.giveBack(this.#open());
  }

  /** Closes every connection, also under a request in flight. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(Array.from(this.#clients, (client) => client.destroy()));
  }

  #open(): Client {
    const client = this.#connect();
    this.#clients.add(client);
    // It refuses what comes too late, as the others do.
    if (this.#isClosed) void client.destroy();
    return client;
  }
}
