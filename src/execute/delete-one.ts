import pRetry from 'p-retry';
import type {
  AttemptEnd,
  Clock,
  DeleteApi,
  Hold,
  OnEvent,
  PendingDeletion,
  PurgeEvent,
  Random,
  RunJournal,
} from '../ports.ts';
import type { AttemptHistory, FinalOutcome, Verdict } from '../types.ts';
import { backoffMs } from './backoff.ts';
import type { Breaker } from './breaker.ts';
import type { RateLimiter } from './rate-limiter.ts';
import type { RetryBudget } from './retry-budget.ts';
import type { RunControl } from './run-control.ts';
import { settleOutcome } from './settle-outcome.ts';
import type { StopRules } from './stop-rules.ts';

/** 429 answers that one ID may get in one life of the run; they are outside `--attempts` and the budget. */
const THROTTLED_PER_ID = 10;

/** A `Retry-After` up to this long is waited out; a longer one drains the run. */
const LONGEST_PAUSE_MS = 300_000;

const OUTAGE = 'The API has not answered properly for minutes.';

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
  /** Warns of an answer that is worth it, the first time in this life of the run. */
  readonly warnOnce: (detail: string) => void;
  /** Hears of a record that could not be made durable. */
  readonly onRecordingFailed: (thrown: unknown) => void;
  readonly attempts: number;
  readonly timeoutMs: number;
  /** Aborts what is in flight. */
  readonly force: AbortSignal;
}

/** How a row's turn is going, in this life of the run. */
interface Turn {
  readonly deletion: PendingDeletion;
  history: AttemptHistory;
  /** Attempts in this life, 429 answers not counted. */
  counted: number;
  throttled: number;
  /** Monotonic time of the next attempt at the earliest. */
  notBefore: number;
}

/** An attempt after which the row may be tried again. */
class AttemptFailed extends Error {
  readonly verdict: Verdict;

  constructor(verdict: Verdict) {
    super(verdict.detail);
    this.verdict = verdict;
  }
}

/**
 * Carries out one planned deletion: one attempt after the other, each recorded before it is sent, until the API's
 * answer is conclusive, the attempts are used up or the run stops. Records the row's final outcome, if it has one
 * then; without one the row is left for `resume`. Rejects only when recording fails.
 */
export async function deleteOne(deletion: PendingDeletion, run: Execution): Promise<void> {
  const turn: Turn = { deletion, history: deletion.history, counted: 0, throttled: 0, notBefore: 0 };
  try {
    // p-retry owns the loop and nothing else: no signal (it would throw away a success that arrives with an abort)
    // and no delay (the wait is in the limiter, which knows the pause of the whole run).
    await pRetry(() => attemptOnce(turn, run), {
      retries: Infinity,
      minTimeout: 0,
      shouldRetry: ({ error }) => error instanceof AttemptFailed && prepareRetry(turn, error.verdict, run),
    });
  } catch (thrown) {
    if (!(thrown instanceof AttemptFailed)) throw thrown;
    // A run that stops leaves the row to `resume`; else the attempts or the budget are used up.
    if (run.control.stopped === null) finish(turn, thrown.verdict, run);
    else recordEnd(turn, thrown.verdict, run);
  }
}

/** One attempt. Resolves when the row's turn is over; throws AttemptFailed when it may be tried again. */
async function attemptOnce(turn: Turn, run: Execution): Promise<void> {
  const end = await sendInTurn(turn, run);
  if (end === null) return;
  const { verdict, endedAt } = end;
  turn.history = {
    ...turn.history,
    lastEndedAt: endedAt,
    lastStatus: verdict.status,
    lastDetail: verdict.detail,
  };
  tellRun(turn, verdict, run);

  if (verdict.next !== 'final') throw new AttemptFailed(verdict);
  // Final for this attempt only: `resume` takes the row up again.
  const isLeftToResume =
    verdict.outcome === 'not_attempted' || (verdict.applied === 'maybe' && run.control.stopped !== null);
  if (isLeftToResume) recordEnd(turn, verdict, run);
  else finish(turn, verdict, run);
}

/**
 * Waits until the row may be sent, records the intent, and sends. `null` when the run stops first or the row is on
 * hold: then nothing was sent, and no intent is left.
 */
async function sendInTurn(turn: Turn, run: Execution): Promise<AttemptEnd | null> {
  const { control, breaker, limiter, journal } = run;
  const { row } = turn.deletion;
  for (;;) {
    const pass = await breaker.enter(control.signal, row);
    if (pass === 'gave_up') control.stop('outage', OUTAGE);
    if (pass === 'aborted' || pass === 'gave_up') return null;
    // The breaker may open while this row waits for its turn or for its intent to be durable.
    const mustWait = (): boolean => pass === 'go' && breaker.isOpen;

    const isMyTurn = await limiter.turn(control.signal, turn.notBefore);
    if (isMyTurn && mustWait()) continue;
    const hold = isMyTurn ? await run.holdOf(turn.deletion) : undefined;
    if (!isMyTurn || hold !== undefined) {
      breaker.abandonProbe(row);
      if (hold !== undefined) finishHeld(turn, hold, run);
      return null;
    }

    const attempt = turn.history.attempts + 1;
    await journal.begin(row, attempt, run.clock.now());
    // From `go` to the request nothing can come between: it leaves in the same turn of the event loop.
    if (!mustWait() && (limiter.tryAdmit() === 'go' || (await limiter.admit(control.signal)))) {
      return send(turn, attempt, run);
    }
    // A pause, an outage or a stop came between: the intent is taken back, since nothing was sent.
    await journal.withdraw(row, attempt);
    breaker.abandonProbe(row);
  }
}

function send(turn: Turn, attempt: number, run: Execution): Promise<AttemptEnd> {
  const firstSentAt = turn.history.firstSentAt ?? run.clock.now();
  turn.history = { ...turn.history, attempts: attempt, firstSentAt };
  return run.api.send(turn.deletion, { timeoutMs: run.timeoutMs, signal: run.force });
}

/** Tells the rest of the run what this answer means for it. */
function tellRun(turn: Turn, verdict: Verdict, run: Execution): void {
  const { breaker, limiter, control, clock } = run;
  const { row } = turn.deletion;
  const { effect, retryAfterMs } = verdict;
  if (effect.type === 'throttle') {
    breaker.throttled(row);
    limiter.throttled();
  } else {
    breaker.record(row, effect.type === 'breaker');
  }
  if (breaker.gaveUp) control.stop('outage', OUTAGE);

  if (effect.type === 'warning') run.warnOnce(verdict.detail);
  const reason = run.stopRules.afterAttempt(effect);
  if (reason !== null) control.stop(reason, verdict.detail);

  if (retryAfterMs !== null && retryAfterMs > LONGEST_PAUSE_MS) {
    const notBefore = clock.now() + retryAfterMs;
    control.stop(
      'long_retry_after',
      `The API asked for a pause until ${new Date(notBefore).toISOString()}.`,
      notBefore,
    );
  } else if (retryAfterMs !== null && retryAfterMs > 0) {
    limiter.pause(retryAfterMs);
    run.onEvent({ type: 'paused', reason: 'retry_after', ms: retryAfterMs });
  } else if (effect.type === 'throttle') {
    limiter.pause(backoffMs(turn.throttled, run.random));
  }
}

/** Whether the row is tried again; if so, the attempt's end is recorded and the next one's time set. */
function prepareRetry(turn: Turn, verdict: Verdict, run: Execution): boolean {
  if (run.control.stopped !== null) return false;
  if (verdict.next === 'retry_throttled') {
    turn.throttled += 1;
    if (turn.throttled > THROTTLED_PER_ID) return false;
  } else {
    turn.counted += 1;
    if (turn.counted >= run.attempts || !run.budget.take()) return false;
    turn.notBefore = run.clock.monotonic() + backoffMs(turn.counted - 1, run.random);
  }
  recordEnd(turn, verdict, run, true);
  turn.history = { ...turn.history, mayBeApplied: turn.history.mayBeApplied || verdict.applied !== 'no' };
  return true;
}

/** Records an attempt's end without a final outcome of its row. */
function recordEnd(turn: Turn, verdict: Verdict, run: Execution, willRetry = false): void {
  const { deletion, history } = turn;
  const event = attemptEvent(turn, verdict, willRetry);
  const recorded = run.journal.end(
    deletion.row,
    history.attempts,
    verdict,
    history.lastEndedAt ?? run.clock.now(),
  );
  tellWhenDurable(recorded, [event], run);
}

/** Records the row's final outcome, as the last attempt's answer and the earlier ones together prove it. */
function finish(turn: Turn, verdict: Verdict, run: Execution): void {
  const { history } = turn;
  const outcome = settleOutcome(verdict, history.mayBeApplied);
  const detail =
    outcome === verdict.outcome
      ? verdict.detail
      : `${verdict.detail} (an earlier request may have deleted it)`;
  const finishedAt = history.lastEndedAt ?? run.clock.now();
  const event = attemptEvent(turn, verdict, false);
  recordOutcome(turn, { outcome, detail, status: verdict.status, finishedAt }, run, [event]);
}

function finishHeld(turn: Turn, hold: Hold, run: Execution): void {
  const { history } = turn;
  const why = hold.reason === '' ? `listed in ${hold.path}` : `${hold.reason} (${hold.path})`;
  const outcome = history.mayBeApplied ? 'unknown' : 'held';
  const detail = history.mayBeApplied
    ? `on hold now, but an earlier request may have deleted it: ${why}`
    : why;
  recordOutcome(turn, { outcome, detail, status: history.lastStatus, finishedAt: run.clock.now() }, run, []);
}

function recordOutcome(turn: Turn, final: FinalOutcome, run: Execution, events: readonly PurgeEvent[]): void {
  const { row, kind, id, mode } = turn.deletion;
  const { outcome, detail } = final;
  const event: PurgeEvent = {
    type: 'outcome',
    row,
    kind,
    id,
    mode,
    outcome,
    detail,
    attempts: turn.history.attempts,
  };
  tellWhenDurable(run.journal.finish(row, final), [...events, event], run);
  const reason = run.stopRules.afterOutcome(outcome);
  if (reason !== null) {
    run.control.stop(
      reason,
      'Too many of these IDs are not known to the API: the wrong account, or the wrong list?',
    );
  }
}

/**
 * Nobody waits for the end of an attempt to be durable: writes become durable in order, so once the intent of the next
 * request is (and that is waited for), every end recorded before it is as well.
 */
function tellWhenDurable(recorded: Promise<void>, events: readonly PurgeEvent[], run: Execution): void {
  recorded.then(() => events.forEach(run.onEvent)).catch(run.onRecordingFailed);
}

function attemptEvent(turn: Turn, verdict: Verdict, willRetry: boolean): PurgeEvent {
  const { row, kind, id, mode } = turn.deletion;
  const { status, applied, detail } = verdict;
  return {
    type: 'attempt',
    row,
    kind,
    id,
    mode,
    attempt: turn.history.attempts,
    status,
    applied,
    detail,
    willRetry,
  };
}
