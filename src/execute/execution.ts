import type { LimitFunction } from 'p-limit';
import type { Clock, DeleteApi, Hold, OnEvent, PendingDeletion, Random, RunJournal } from '../ports.ts';
import type { AttemptHistory } from '../types.ts';
import type { Breaker } from './breaker.ts';
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
  /** The hold on this row now, from hold files that are fresh. Rejects with a PurgeError when they cannot be read. */
  readonly holdOf: (deletion: PendingDeletion) => Promise<Hold | undefined>;
  readonly onEvent: OnEvent;
  /** Warns, each kind of warning the first time in this life of the run. */
  readonly warnOnce: (kind: 'unconfirmed' | 'budget', message: string) => void;
  /** Hears of a record that could not be made durable. */
  readonly onRecordingFailed: (thrown: unknown) => void;
  /** Lets as many requests be in flight as the run may have at a time. */
  readonly inFlight: LimitFunction;
  readonly attempts: number;
  readonly timeoutMs: number;
  /** Aborts what is in flight. */
  readonly force: AbortSignal;
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
