import type { Exchange } from './exchange.ts';

/** The longest wait a Node timer can keep; a longer one would fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

/**
 * The exchanges of one connection that have not ended, each of which is given up at its deadline and when its signal
 * aborts. One timer does for all of them, and one listener for each signal: to make and call off one of each for every
 * request is a third of what a request costs (PERFORMANCE.md).
 */
export class UnderWay {
  // An array, for as few entries as there are requests at a time: a Set that is always added to and deleted from costs 5 µs a request.
  readonly #exchanges: Exchange[] = [];
  readonly #heard = new WeakSet<AbortSignal>();
  #timer: NodeJS.Timeout | undefined;
  /** When the timer rings, monotonic milliseconds; Infinity without one. */
  #ringsAt = Infinity;
  #isClosed = false;

  add(exchange: Exchange): void {
    const { signal, deadlineAt } = exchange;
    if (signal?.aborted === true) {
      exchange.abort();
      return;
    }
    this.#exchanges.push(exchange);
    if (signal !== undefined) this.#hear(signal);
    // One that rings too early looks again; so the timer of exchanges that ended serves those that come.
    if (deadlineAt < this.#ringsAt) this.#ringAt(deadlineAt);
  }

  /** To be called when an exchange has ended. */
  remove(exchange: Exchange): void {
    const exchanges = this.#exchanges;
    const index = exchanges.indexOf(exchange);
    if (index === -1) return;
    const last = exchanges.pop();
    if (last !== undefined && last !== exchange) exchanges[index] = last;
    if (this.#isClosed && exchanges.length === 0) this.#ringAt(Infinity);
  }

  /** Gives up what is left. From now on the timer is not kept for what may come. */
  close(): void {
    this.#isClosed = true;
    this.#giveUp(() => true, abort);
    this.#ringAt(Infinity);
  }

  #hear(signal: AbortSignal): void {
    if (this.#heard.has(signal)) return;
    this.#heard.add(signal);
    signal.addEventListener('abort', () => this.#giveUp((each) => each.signal === signal, abort), {
      once: true,
    });
  }

  #ringAt(at: number): void {
    clearTimeout(this.#timer);
    this.#ringsAt = at;
    if (at === Infinity) return;
    // Rounded up, since Node cuts fractions off and would ring early.
    const ms = Math.ceil(at - performance.now());
    this.#timer = setTimeout(() => this.#ring(), Math.min(ms, MAX_TIMER_MS));
  }

  #ring(): void {
    const now = performance.now();
    // An answer that arrived while the process was stopped or busy is read before the deadline counts.
    this.#giveUp(
      ({ deadlineAt }) => deadlineAt <= now,
      (exchange) => setImmediate(timeOut, exchange),
    );
    const later = this.#exchanges.map(({ deadlineAt }) => deadlineAt).filter((at) => at > now);
    this.#ringAt(Math.min(...later));
  }

  /** Of a copy, since an exchange that ends leaves the array. */
  #giveUp(isMeant: (exchange: Exchange) => boolean, how: (exchange: Exchange) => void): void {
    this.#exchanges.filter(isMeant).forEach(how);
  }
}

function abort(exchange: Exchange): void {
  exchange.abort();
}

function timeOut(exchange: Exchange): void {
  exchange.timeOut();
}
