import { messageOf, PurgeError } from '../errors.ts';
import { isFullSpeed } from '../full-speed.ts';
import type { Clock, DeleteApi, Holds, OnEvent, PendingDeletion, Random, RunJournal } from '../ports.ts';
import type { ExecutionSettings, Rate } from '../types.ts';
import { createBreaker } from './breaker.ts';
import { deleteOne } from './delete-one.ts';
import { eachLimited } from './each-limited.ts';
import type { Execution } from './execution.ts';
import { freshHolds } from './fresh-holds.ts';
import { Places } from './places.ts';
import { createRateLimiter } from './rate-limiter.ts';
import { createRetryBudget } from './retry-budget.ts';
import { RunControl, type Stop } from './run-control.ts';
import { stopOn } from './stop-on.ts';
import { createStopRules } from './stop-rules.ts';
import { tellWhenDurable } from './tell-when-durable.ts';

/** How many rows a run at full speed records ahead: so many for each request in flight, and so many at most. */
const ARMED_AHEAD = 7;
const MOST_ARMED_AHEAD = 224;

/** Pending deletions are read from the run file in pages of this size. */
const PAGE_ROWS = 1_000;

export interface ExecutePorts {
  readonly journal: RunJournal;
  readonly api: DeleteApi;
  readonly holds: Holds;
  readonly clock: Clock;
  readonly random: Random;
  readonly onEvent: OnEvent;
}

export interface ExecuteOptions {
  readonly settings: ExecutionSettings;
  /** Deletions of the whole plan, for the retry budget. */
  readonly planned: number;
  /** Drain: no new attempt, what is in flight finishes. */
  readonly signal: AbortSignal;
  /** Abort what is in flight. */
  readonly forceSignal: AbortSignal;
}

/**
 * Carries out every planned deletion that has no final outcome yet, in plan order, and resolves with why it stopped
 * before the end, or `null`. When it resolves, everything that happened is durable. Rejects with a `storage`
 * PurgeError when it could not be made so (nothing is sent after that), and with any other error for a bug.
 */
export async function executePlan(ports: ExecutePorts, options: ExecuteOptions): Promise<Stop | null> {
  const { journal, clock, onEvent } = ports;
  const { settings } = options;
  const control = new RunControl(onEvent);
  const force = new AbortController();
  const ended = new AbortController();
  let recordingFailure: unknown = null;
  let left = journal.pendingCount();

  const run: Execution = {
    ...ports,
    control,
    limiter: createRateLimiter({
      rate: settings.rate,
      clock,
      sentBefore: agesOfRecentRequests(journal, clock, settings.rate),
      onRate: (perSecond) => onEvent({ type: 'rate', perSecond }),
    }),
    breaker: createBreaker({
      clock,
      idsLeft: () => left,
      onOpen: (ms) => onEvent({ type: 'paused', reason: 'outage', ms }),
    }),
    stopRules: createStopRules({ allowNotFound: settings.allowNotFound }),
    budget: createRetryBudget({ planned: options.planned, alreadyCharged: journal.retriesCharged() }),
    holds: freshHolds(ports.holds, clock, control),
    warnOnce: warnOnce(onEvent),
    tellWhenDurable: tellWhenDurable(onEvent, (thrown) => {
      recordingFailure ??= thrown;
      control.stop('storage', messageOf(thrown));
    }),
    attempts: settings.attempts,
    inFlight: new Places(settings.concurrency),
    sending: { timeoutMs: settings.timeoutMs, signal: force.signal },
  };

  waitOutPause(run, journal.notBefore());
  const { signal, forceSignal } = options;
  using _ = stopOn({
    signal,
    forceSignal,
    control,
    clock,
    force,
    ended: ended.signal,
    maxDurationMs: settings.maxDurationMs,
  });
  const onDone = (): void => {
    left -= 1;
  };
  const onThrown = (thrown: unknown): never => {
    // Wakes the others at once; what was thrown is thrown again when they have ended.
    control.stop(thrown instanceof PurgeError ? 'storage' : 'bug', messageOf(thrown));
    throw thrown;
  };
  try {
    await eachLimited(
      pendingDeletions(journal),
      (deletion) => deleteOne(deletion, run).then(onDone, onThrown),
      { concurrency: rowsUnderWay(settings), isStopped: () => control.stopped !== null },
    );
  } finally {
    ended.abort();
  }
  await journal.flush();
  if (recordingFailure !== null) throw recordingFailure;
  return control.stopped;
}

/** Those in flight and, at full speed, those whose intent is made durable meanwhile. */
function rowsUnderWay({ concurrency, rate }: ExecutionSettings): number {
  const ahead = isFullSpeed(rate) ? Math.min(concurrency * ARMED_AHEAD, MOST_ARMED_AHEAD) : 0;
  return concurrency + ahead;
}

/** A pause that the API asked for in an earlier life of the run is waited out in this one. */
function waitOutPause({ limiter, clock, onEvent }: Execution, notBefore: number | null): void {
  // One more, since both are whole milliseconds of the wall clock, cut off.
  const ms = (notBefore ?? 0) - clock.now() + 1;
  if (ms <= 0) return;
  limiter.pause(ms);
  onEvent({ type: 'paused', reason: 'retry_after', ms });
}

function warnOnce(onEvent: OnEvent): Execution['warnOnce'] {
  const warned = new Set<string>();
  return (kind, message) => {
    if (warned.has(kind)) return;
    warned.add(kind);
    onEvent({ type: 'warning', message });
  };
}

function* pendingDeletions(journal: RunJournal): Iterable<PendingDeletion> {
  let after = -1;
  for (;;) {
    const page = journal.pending(after, PAGE_ROWS);
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.row;
  }
}

/** How long ago, in milliseconds, each request of the last window was sent: a resumed run waits out its window. */
function agesOfRecentRequests(journal: RunJournal, clock: Clock, rate: Rate): number[] {
  const now = clock.now();
  return journal.recentlySent(now, rate).map((at) => Math.max(0, now - at));
}
