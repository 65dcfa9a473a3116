import type { Hold, PurgeEvent } from '../ports.ts';
import type { FinalOutcome, Verdict } from '../types.ts';
import type { Execution, Turn } from './execution.ts';
import { settleOutcome } from './settle-outcome.ts';

/** Records an attempt's end without a final outcome of its row. */
export function recordEnd(turn: Turn, verdict: Verdict, run: Execution, willRetry = false): void {
  const { deletion, history } = turn;
  const recorded = run.journal.end(
    deletion.row,
    history.attempts,
    verdict,
    history.lastEndedAt ?? run.clock.now(),
  );
  run.tellWhenDurable(recorded, attemptEvent(turn, verdict, willRetry));
}

/** Records the row's final outcome, as the last attempt's answer and the earlier ones together prove it. */
export function finish(turn: Turn, verdict: Verdict, run: Execution): void {
  const { history } = turn;
  const outcome = settleOutcome(verdict, history.mayBeApplied);
  const earlier = outcome === verdict.outcome ? '' : ' (an earlier request may have deleted it)';
  const detail = `${verdict.detail}${earlier}${turn.gaveUp === '' ? '' : `; ${turn.gaveUp}`}`;
  const finishedAt = history.lastEndedAt ?? run.clock.now();
  recordOutcome(turn, { outcome, detail, status: verdict.status, finishedAt }, run, verdict);
}

/** Records that the row is on hold. A request that may have deleted it before is not taken back by that. */
export function finishHeld(turn: Turn, hold: Hold, run: Execution): void {
  const { history } = turn;
  const why = hold.reason === '' ? `listed in ${hold.path}` : `${hold.reason} (${hold.path})`;
  const outcome = history.mayBeApplied ? 'unknown' : 'held';
  const detail = history.mayBeApplied
    ? `on hold now, but an earlier request may have deleted it: ${why}`
    : why;
  const final = { outcome, detail, status: history.lastStatus, finishedAt: run.clock.now() } as const;
  recordOutcome(turn, final, run, null);
}

/** `verdict`: on the attempt that ended just now, if one did. Its pause outlives this process like that of any other. */
function recordOutcome(turn: Turn, final: FinalOutcome, run: Execution, verdict: Verdict | null): void {
  const { row, kind, id, mode } = turn.deletion;
  const { outcome, detail } = final;
  const { attempts } = turn.history;
  const recorded = run.journal.finish(row, final, turn.history, verdict?.retryAfterMs ?? null);
  if (verdict !== null) run.tellWhenDurable(recorded, attemptEvent(turn, verdict, false));
  run.tellWhenDurable(recorded, { type: 'outcome', row, kind, id, mode, outcome, detail, attempts });
  const reason = run.stopRules.afterOutcome(outcome);
  if (reason !== null) {
    run.control.stop(
      reason,
      'Too many of these IDs are not known to the API: the wrong account, or the wrong list?',
    );
  }
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
