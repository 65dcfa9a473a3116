import type { PurgeEvent } from '../ports.ts';

/** A consumer that is slower than the run misses the oldest events beyond this many; it never slows the run down. */
const MOST_WAITING = 10_000;

/** Events on their way from a run to its one consumer, kept until it asks for them. */
export class EventChannel {
  #waiting: PurgeEvent[] = [];
  #dropped = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  emit(event: PurgeEvent): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#dropped += this.#waiting.length;
      this.#waiting = [];
    }
    this.#waiting.push(event);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** By hand: an async generator costs three turns of the microtask queue for each of two events a row. */
  events(): AsyncIterableIterator<PurgeEvent, void, undefined> {
    let batch: Iterator<PurgeEvent> = [].values();
    const next = async (): Promise<IteratorResult<PurgeEvent, void>> => {
      for (;;) {
        const event = batch.next();
        if (event.done !== true) return event;
        if (this.#waiting.length > 0) batch = this.#take();
        else if (this.#ended) return { done: true, value: undefined };
        else await this.#somethingNew();
      }
    };
    return {
      next,
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  #take(): Iterator<PurgeEvent> {
    const waiting = this.#waiting;
    const dropped = this.#dropped;
    this.#waiting = [];
    this.#dropped = 0;
    if (dropped > 0) waiting.unshift({ type: 'events_dropped', count: dropped });
    return waiting.values();
  }

  #somethingNew(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
