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
    if (this.#wake === undefined) return;
    this.#wake();
    this.#wake = undefined;
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** One by one. */
  async *events(): AsyncGenerator<PurgeEvent, void, undefined> {
    for await (const batch of this.batches()) yield* batch;
  }

  /** As many at a time as there are. */
  async *batches(): AsyncGenerator<readonly PurgeEvent[], void, undefined> {
    for (;;) {
      if (this.#waiting.length > 0) yield this.#take();
      else if (this.#ended) return;
      else await this.#somethingNew();
    }
  }

  #take(): readonly PurgeEvent[] {
    const waiting = this.#waiting;
    const dropped = this.#dropped;
    this.#waiting = [];
    this.#dropped = 0;
    if (dropped > 0) waiting.unshift({ type: 'events_dropped', count: dropped });
    return waiting;
  }

  #somethingNew(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
