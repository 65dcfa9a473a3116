import pRetry from 'p-retry';
import type { PendingDeletion } from '../ports.ts';
import type { Verdict } from '../types.ts';
import { backoffMs } from './backoff.ts';
import type { BreakerPass } from './breaker.ts';
import type { Execution, Turn } from './execution.ts';
import { finish, finishHeld, recordEnd } from './record-turn.ts';
import { stopSentence } from './stop-sentence.ts';

/** 429 answers that one ID may get in one life of the run; they are outside `--attempts` and the budget. */
const THROTTLED_PER_ID = 10;

/** A `Retry-After` up to this long is waited out; a longer one drains the run. */
export const LONGEST_PAUSE_MS: number = 300_000;

const OUTAGE = 'The API has not answered properly for minutes.';

/** An attempt after which the row may be tried again. */
class AttemptFailed extends Error {}

/**
 * Carries out one planned deletion: one attempt after the other, each recorded before it is sent, until the API's
 * answer is conclusive, the attempts are used up or the run stops. Records the row's final outcome, if it has one
 * then; without one the row is left for `resume`. Rejects only when recording fails.
 */
export async function deleteOne(deletion: PendingDeletion, run: Execution): Promise<void> {
  const turn: Turn = {
    deletion,
    history: deletion.history,
    counted: 0,
    throttled: 0,
    gaveUp: '',
    notBefore: 0,
  };
  const first = await sendInTurn(turn, run);
  if (mayBeTriedAgain(first)) await retry(turn, first, run);
}

/**
 * p-retry owns the loop of those that failed once, and nothing else: no signal (it would throw away a success that arrives
 * with an abort) and no delay (the wait is in the limiter, which knows the pause of the whole run).
 */
async function retry(turn: Turn, first: Verdict, run: Execution): Promise<void> {
  let failed = first;
  const tryAgain = async (): Promise<void> => {
    if (!prepareRetry(turn, failed, run)) {
      giveUp(turn, failed, run);
      return;
    }
    const verdict = await sendInTurn(turn, run);
    if (!mayBeTriedAgain(verdict)) return;
    failed = verdict;
    throw new AttemptFailed();
  };
  await pRetry(tryAgain, {
    retries: Infinity,
    minTimeout: 0,
    shouldRetry: ({ error }) => error instanceof AttemptFailed,
  });
}

/** Whether the row's turn goes on. `null`: nothing was sent, and it is over. */
function mayBeTriedAgain(verdict: Verdict | null): verdict is Verdict {
  return verdict !== null && verdict.next !== 'final';
}

/** Ends the row's turn. A run that stops leaves the row to `resume`; else the attempts or the budget are used up. */
function giveUp(turn: Turn, verdict: Verdict, run: Execution): void {
  if (run.control.stopped === null) finish(turn, verdict, run);
  else recordEnd(turn, verdict, run);
}

/**
 * Waits until the row may be sent, records the intent, and sends. `null` when the run stops first or the row is on
 * hold: then nothing was sent, and no intent is left.
 */
async function sendInTurn(turn: Turn, run: Execution): Promise<Verdict | null> {
  const { control, breaker, limiter, journal, holds, inFlight } = run;
  const { row } = turn.deletion;
  for (;;) {
    const pass = breaker.isOpen ? await breaker.enter(control.signal, row) : 'go';
    if (pass === 'gave_up') control.stop('outage', OUTAGE);
    if (pass === 'aborted' || pass === 'gave_up') return null;

    const isMyTurn =
      control.stopped === null &&
      (limiter.tryTurn(turn.notBefore) || (await limiter.turn(control.signal, turn.notBefore)));
    if (!isMyTurn) {
      breaker.abandonProbe(row);
      return null;
    }
    if (mustWait(pass, run)) continue;
    if (holds.areStale()) await holds.refresh();
    const hold = holds.find(turn.deletion);
    if (hold !== undefined) {
      breaker.abandonProbe(row);
      finishHeld(turn, hold, run);
      return null;
    }

    const attempt = turn.history.attempts + 1;
    await journal.begin(row, attempt, run.clock.now());
    if (!inFlight.tryTake()) await inFlight.take();
    try {
      const verdict = await sendBegun(turn, pass, run);
      if (verdict !== null) return verdict;
    } finally {
      inFlight.giveBack();
    }
    // A pause, an outage, a hold or a stop came between: the intent is taken back, since nothing was sent.
    await journal.withdraw(row, attempt);
    breaker.abandonProbe(row);
  }
}

/**
 * The run may stop, or the breaker open, while a row waits: for its turn, for its intent to be durable, for its place,
 * for its connection.
 */
function mustWait(pass: BreakerPass, { control, breaker }: Execution): boolean {
  return control.stopped !== null || (pass === 'go' && breaker.isOpen);
}

/** Whether something has come up that keeps this request back. */
function isKeptBack({ deletion }: Turn, pass: BreakerPass, run: Execution): boolean {
  const { limiter, holds } = run;
  if (mustWait(pass, run) || limiter.pausedMs() > 0) return true;
  return holds.areUnreadable() || holds.find(deletion) !== undefined;
}

/**
 * Sends an attempt whose intent is durable, and lets the answer have its consequences before another request takes this
 * one's place. `null` when something came between: then nothing was sent.
 */
async function sendBegun(turn: Turn, pass: BreakerPass, run: Execution): Promise<Verdict | null> {
  const { control, limiter, holds } = run;
  // What was asked before is asked again: it may have waited for a place among those in flight, and then for admission.
  if (mustWait(pass, run)) return null;
  if (limiter.tryAdmit() !== 'go' && !(await limiter.admit(control.signal))) return null;
  if (holds.areStale()) await holds.refresh();
  if (isKeptBack(turn, pass, run)) {
    limiter.left();
    return null;
  }

  const { attempts, firstSentAt, mayBeApplied } = turn.history;
  const gate = { wasReached: false, wasClosed: false, at: run.clock.now() };
  // And once more, for the last time: it may have waited for a connection.
  const mayLeave = (): boolean => {
    gate.wasReached = true;
    gate.wasClosed = isKeptBack(turn, pass, run);
    gate.at = run.clock.now();
    limiter.left();
    return !gate.wasClosed;
  };
  const { verdict, endedAt } = await run.api.send(turn.deletion, run.sending, mayLeave);
  if (gate.wasClosed) return null;
  if (!gate.wasReached) limiter.left();
  turn.history = {
    attempts: attempts + 1,
    mayBeApplied,
    firstSentAt: firstSentAt ?? gate.at,
    lastStatus: verdict.status,
    lastDetail: verdict.detail,
    lastEndedAt: endedAt,
  };
  tellRun(turn, verdict, run);
  if (verdict.next === 'final') conclude(turn, verdict, run);
  return verdict;
}

/** Records what a conclusive answer means for the row. */
function conclude(turn: Turn, verdict: Verdict, run: Execution): void {
  // Final for this attempt only: `resume` takes the row up again.
  const isLeftToResume =
    verdict.outcome === 'not_attempted' || (verdict.applied === 'maybe' && run.control.stopped !== null);
  if (isLeftToResume) recordEnd(turn, verdict, run);
  else finish(turn, verdict, run);
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

  if (effect.type === 'warning') {
    run.warnOnce('unconfirmed', `The API accepted a deletion without confirming it: ${verdict.detail}`);
  }
  const reason = run.stopRules.afterAttempt(effect);
  if (reason !== null) control.stop(reason, stopSentence(reason, verdict.detail));

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
    if (turn.counted >= run.attempts) return false;
    if (!run.budget.take()) {
      turn.gaveUp = 'not tried again: the retries of the whole run are used up';
      run.warnOnce(
        'budget',
        'The retries of the whole run are used up; from now on each ID gets one attempt.',
      );
      return false;
    }
    turn.notBefore = run.clock.monotonic() + backoffMs(turn.counted - 1, run.random);
  }
  recordEnd(turn, verdict, run, true);
  turn.history = { ...turn.history, mayBeApplied: turn.history.mayBeApplied || verdict.applied !== 'no' };
  return true;
}
