/** Those that were served are forgotten together: to shift an array costs as much as the promise of who waits. */
const KEPT = 256;

/**
 * As many requests in flight as a run may have at a time: whoever sends takes a place first and gives it back when the
 * answer has had its consequences. First come, first served. Where a place is free, taking it costs no promise, which
 * counts at full speed: with p-limit here, the executor took twice the time for each ID.
 */
export class Places {
  #free: number;
  /** In the order in which they came; those before `#served` have their place. */
  #waiting: (() => void)[] = [];
  #served = 0;

  constructor(most: number) {
    this.#free = most;
  }

  /** Takes a place if one is free. */
  tryTake(): boolean {
    if (this.#free === 0) return false;
    this.#free -= 1;
    return true;
  }

  /** Resolves when a place is free and taken. */
  take(): Promise<void> {
    if (this.tryTake()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Hands the place on to whoever has waited longest. */
  giveBack(): void {
    const next = this.#served < this.#waiting.length ? this.#waiting[this.#served] : undefined;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#served += 1;
    if (this.#served >= KEPT) {
      this.#waiting = this.#waiting.slice(this.#served);
      this.#served = 0;
    }
    next();
  }
}
