import type { OnEvent } from '../ports.ts';
import type { StopReason } from '../types.ts';

/** Why a run stopped before its plan was done. */
export interface Stop {
  readonly reason: StopReason;
  /** One sentence for a person. */
  readonly detail: string;
  /** From a long Retry-After: not before this time (ms since 1970). */
  readonly notBefore: number | null;
}

/** Lower is worse. A run that stops for two reasons is reported with the worse one. */
const SEVERITY: readonly StopReason[] = [
  'bug',
  'storage',
  'unauthorized',
  'payment_required',
  'redirect',
  'tls',
  'not_the_api',
  'wrong_endpoint',
  'forbidden',
  'not_found_surge',
  'holds_unreadable',
  'outage',
  'long_retry_after',
  'max_duration',
  'signal',
];

/**
 * Whether a run goes on. `stop` is the one way to end it early: from then on no new attempt starts and everything that
 * waits wakes up; what is in flight settles.
 */
export class RunControl {
  readonly #controller = new AbortController();
  readonly #onEvent: OnEvent;
  #stop: Stop | null = null;

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
  }

  /** Aborts when the run stops. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get stopped(): Stop | null {
    return this.#stop;
  }

  stop(reason: StopReason, detail: string, notBefore: number | null = null): void {
    const before = this.#stop;
    const latest = Math.max(notBefore ?? 0, before?.notBefore ?? 0);
    const isWorse = before === null || SEVERITY.indexOf(reason) < SEVERITY.indexOf(before.reason);
    this.#stop = { ...(isWorse ? { reason, detail } : before), notBefore: latest === 0 ? null : latest };
    if (!isWorse) return;
    this.#onEvent({ type: 'stopping', reason, detail });
    this.#controller.abort();
  }
}
