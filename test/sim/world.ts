/** Something that will happen. */
interface Scheduled {
  readonly at: number;
  readonly order: number;
  readonly happen: () => void;
  cancelled: boolean;
}

/** Two sleeps may end at the same moment, so often, until something is taken to turn in circles. */
const MOST_EVENTS = 400_000;

/**
 * The simulated world: one time for server and processes, and everything that is still to happen. One event after the
 * other, each with all that follows from it before the next, so the same seed gives the same history.
 */
export class World {
  /** Milliseconds of true time. Nobody in the world sees it: processes have a monotonic clock of their own. */
  now = 0;
  /** How far the wall clock of the machine is ahead of true time. */
  wallAhead = Date.UTC(2026, 2, 1, 10);
  /** Orders everything that happened, also within one moment. */
  #order = 0;
  #events = 0;
  readonly #heap: Scheduled[] = [];
  readonly #trace: ((line: string) => void) | undefined;

  constructor(trace?: (line: string) => void) {
    this.#trace = trace;
  }

  wall(): number {
    return Math.floor(this.now + this.wallAhead);
  }

  readonly wallJumps: { readonly at: number; readonly byMs: number }[] = [];

  /** Somebody sets the machine's wall clock. */
  setWallClock(byMs: number): void {
    this.wallAhead += byMs;
    this.wallJumps.push({ at: this.now, byMs });
    this.tell(() => `wall clock set by ${byMs} ms`);
  }

  /** The place of a new entry in the order of everything that happened. */
  next(): number {
    this.#order += 1;
    return this.#order;
  }

  tell(say: () => string): void {
    this.#trace?.(`${(this.now / 1000).toFixed(3).padStart(10)}  ${say()}`);
  }

  /** Lets something happen `ms` from now; gives a way to call it off. */
  after(ms: number, happen: () => void): () => void {
    const scheduled: Scheduled = {
      at: this.now + (ms > 0 ? ms : 0),
      order: this.next(),
      happen,
      cancelled: false,
    };
    if (scheduled.at < Infinity) this.#push(scheduled);
    return () => {
      scheduled.cancelled = true;
    };
  }

  /** Lets time pass until `isDone`, `untilAt` or nothing is left to happen; says whether it is done. */
  async run(isDone: () => boolean, untilAt = Infinity): Promise<boolean> {
    await everythingThatFollows();
    while (!isDone()) {
      const first = this.#heap[0];
      if (first === undefined || first.at > untilAt) {
        if (untilAt < Infinity) this.now = Math.max(this.now, untilAt);
        return isDone();
      }
      this.#pop();
      if (first.cancelled) continue;
      this.#events += 1;
      if (this.#events > MOST_EVENTS) throw new Error(`turns in circles at ${this.now} ms`);
      this.now = Math.max(this.now, first.at);
      first.happen();
      await everythingThatFollows();
    }
    return true;
  }

  #push(scheduled: Scheduled): void {
    const heap = this.#heap;
    let place = heap.length;
    heap.push(scheduled);
    while (place > 0) {
      const parent = (place - 1) >>> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, scheduled)) break;
      heap[place] = above;
      place = parent;
    }
    heap[place] = scheduled;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let place = 0;
    for (;;) {
      const left = heap[2 * place + 1];
      const right = heap[2 * place + 2];
      const isLeft = left !== undefined && (right === undefined || isBefore(left, right));
      const child = isLeft ? left : right;
      if (child === undefined || isBefore(last, child)) break;
      heap[place] = child;
      place = 2 * place + (isLeft ? 1 : 2);
    }
    heap[place] = last;
  }
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** All promises that can go on have gone on when an immediate runs. */
function everythingThatFollows(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
