import type { JobEnd } from '../../job/job.ts';
import type { PurgeEvent } from '../../ports.ts';

type Requests = { -readonly [Class in keyof JobEnd['requests']]: number };

/** Counts what one run of a job meets on the way, from its events. */
export class JobTally {
  readonly requests: Requests = { '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, none: 0 };
  /** How long the API was not asked, since it wanted that or did not answer properly. */
  pausedMs = 0;
  /** IDs that the API does not know, where that is fine. */
  readonly notFound: Set<string> = new Set();
  readonly #monotonic: () => number;
  #allowNotFound = false;
  #pausedUntil = -Infinity;

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** Whether not-found rows are fine in the run that was started last. */
  get allowNotFound(): boolean {
    return this.#allowNotFound;
  }

  get sent(): number {
    return Object.values(this.requests).reduce((sum, count) => sum + count, 0);
  }

  add(event: PurgeEvent): void {
    if (event.type === 'started') this.#allowNotFound = event.settings.allowNotFound;
    else if (event.type === 'attempt') this.requests[classOf(event.status)] += 1;
    else if (event.type === 'paused') this.#addPause(event.ms);
    else if (event.type === 'outcome' && event.outcome === 'not_found' && this.#allowNotFound) {
      this.notFound.add(event.id);
    }
  }

  /** Several answers ask for one and the same pause. */
  #addPause(ms: number): void {
    const now = this.#monotonic();
    const until = now + ms;
    this.pausedMs += Math.round(Math.max(0, until - Math.max(now, this.#pausedUntil)));
    this.#pausedUntil = Math.max(this.#pausedUntil, until);
  }
}

function classOf(status: number | null): keyof Requests {
  if (status === null || status < 200) return 'none';
  if (status < 300) return '2xx';
  if (status < 400) return '3xx';
  return status < 500 ? '4xx' : '5xx';
}
