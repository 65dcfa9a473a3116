import type {
  Clock,
  DeleteApi,
  OnEvent,
  PendingDeletion,
  PurgeEvent,
  Random,
  RunJournal,
  Sending,
} from '../ports.ts';
import type { AttemptHistory } from '../types.ts';
import type { Breaker } from './breaker.ts';
import type { FreshHolds } from './fresh-holds.ts';
import type { Places } from './places.ts';
import type { RateLimiter } from './rate-limiter.ts';
import type { RetryBudget } from './retry-budget.ts';
import type { RunControl } from './run-control.ts';
import type { StopRules } from './stop-rules.ts';

/** What all rows of a run share. */
export interface Execution {
  readonly journal: RunJournal;
  readonly api: DeleteApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly control: RunControl;
  readonly limiter: RateLimiter;
  readonly breaker: Breaker;
  readonly stopRules: StopRules;
  readonly budget: RetryBudget;
  readonly holds: FreshHolds;
  readonly onEvent: OnEvent;
  /** Warns, each kind of warning the first time in this life of the run. */
  readonly warnOnce: (kind: 'unconfirmed' | 'budget', message: string) => void;
  /** Tells of an event as soon as what it is about has been `recorded`. */
  readonly tellWhenDurable: (recorded: Promise<void>, event: PurgeEvent) => void;
  /** A place for each request that may be in flight. */
  readonly inFlight: Places;
  readonly attempts: number;
  /** How every request is sent; its signal aborts what is in flight. */
  readonly sending: Sending;
}

/** How a row's turn is going, in this life of the run. */
export interface Turn {
  readonly deletion: PendingDeletion;
  history: AttemptHistory;
  /** Attempts in this life, 429 answers not counted. */
  counted: number;
  throttled: number;
  /** Why it is not tried again although it has attempts left; empty when it has none left. */
  gaveUp: string;
  /** Monotonic time of the next attempt at the earliest. */
  notBefore: number;
}
