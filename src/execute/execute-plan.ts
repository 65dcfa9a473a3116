import { eachLimited } from '../each-limited.ts';
import { messageOf, PurgeError } from '../errors.ts';
import type {
  Clock,
  DeleteApi,
  Hold,
  Holds,
  OnEvent,
  PendingDeletion,
  Random,
  RunJournal,
} from '../ports.ts';
import type { ExecutionSettings } from '../types.ts';
import { createBreaker } from './breaker.ts';
import { deleteOne, type Execution } from './delete-one.ts';
import { createRateLimiter } from './rate-limiter.ts';
import { createRetryBudget } from './retry-budget.ts';
import { RunControl, type Stop } from './run-control.ts';
import { createStopRules } from './stop-rules.ts';

/** How long what is in flight may take to settle after a stop, before it is aborted. */
const DRAIN_MS = 20_000;

/** Hold files are looked at again when the last look is older than this. */
const HOLDS_FRESH_MS = 1_000;
const HOLDS_TRIES = 10;

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
      sentBefore: agesOfRecentRequests(journal, clock, settings.rate.windowMs),
      onRate: (perSecond) => onEvent({ type: 'rate', perSecond }),
    }),
    breaker: createBreaker({
      clock,
      idsLeft: () => left,
      onOpen: (ms) => onEvent({ type: 'paused', reason: 'outage', ms }),
    }),
    stopRules: createStopRules({ allowNotFound: settings.allowNotFound }),
    budget: createRetryBudget({ planned: options.planned, alreadyCharged: journal.retriesCharged() }),
    holdOf: freshHolds(ports.holds, clock, control),
    warnOnce: warnOnce(onEvent),
    onRecordingFailed: (thrown) => {
      recordingFailure ??= thrown;
      control.stop('storage', messageOf(thrown));
    },
    attempts: settings.attempts,
    timeoutMs: settings.timeoutMs,
    force: force.signal,
  };

  using _ = stopOn(options, {
    control,
    clock,
    force,
    ended: ended.signal,
    maxDurationMs: settings.maxDurationMs,
  });
  try {
    await eachLimited(
      pendingDeletions(journal),
      async (deletion) => {
        try {
          await deleteOne(deletion, run);
        } catch (thrown) {
          // Wakes the others at once; what was thrown is thrown again when they have ended.
          control.stop(thrown instanceof PurgeError ? 'storage' : 'bug', messageOf(thrown));
          throw thrown;
        }
        left -= 1;
      },
      { concurrency: settings.concurrency, isStopped: () => control.stopped !== null },
    );
  } finally {
    ended.abort();
  }
  await journal.flush();
  if (recordingFailure !== null) throw recordingFailure;
  return control.stopped;
}

function warnOnce(onEvent: OnEvent): (detail: string) => void {
  let warned = false;
  return (detail) => {
    if (warned) return;
    warned = true;
    onEvent({ type: 'warning', message: `The API accepted a deletion without confirming it: ${detail}` });
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
function agesOfRecentRequests(journal: RunJournal, clock: Clock, windowMs: number): number[] {
  const now = clock.now();
  return journal.recentlySent(now, windowMs).map((at) => Math.max(0, now - at));
}

/**
 * Looks for the hold on a row, in hold files read again when they changed. While one cannot be read (somebody may be
 * writing it) nothing is sent; when that lasts, the run stops.
 */
function freshHolds(
  holds: Holds,
  clock: Clock,
  control: RunControl,
): (deletion: PendingDeletion) => Promise<Hold | undefined> {
  if (holds.summaries().length === 0) return () => Promise.resolve(undefined);
  let freshAt = clock.monotonic();
  return async ({ kind, id }) => {
    for (
      let tries = 1;
      clock.monotonic() - freshAt > HOLDS_FRESH_MS && control.stopped === null;
      tries += 1
    ) {
      try {
        await holds.refresh();
        freshAt = clock.monotonic();
      } catch (thrown) {
        if (!(thrown instanceof PurgeError)) throw thrown;
        if (tries < HOLDS_TRIES) await clock.sleep(HOLDS_FRESH_MS / 2, control.signal);
        else control.stop('holds_unreadable', `A hold file cannot be read any more: ${thrown.message}`);
      }
    }
    return holds.find(kind, id);
  };
}

interface Stops {
  readonly control: RunControl;
  readonly clock: Clock;
  readonly force: AbortController;
  readonly ended: AbortSignal;
  readonly maxDurationMs: number | null;
}

/** Connects the signals, the longest duration and the drain limit to the run. */
function stopOn(options: ExecuteOptions, stops: Stops): Disposable {
  const { control, clock, force, ended, maxDurationMs } = stops;
  const drain = (): void => control.stop('signal', 'The run was asked to stop.');
  const abort = (): void => force.abort();
  const drainLimit = async (): Promise<void> => {
    await clock.sleep(DRAIN_MS, ended);
    if (!ended.aborted) force.abort();
  };
  const longest = async (ms: number): Promise<void> => {
    await clock.sleep(ms, ended);
    if (!ended.aborted) control.stop('max_duration', 'The run reached its --max-duration.');
  };
  control.signal.addEventListener('abort', () => void drainLimit(), { once: true });
  options.signal.addEventListener('abort', drain, { once: true });
  options.forceSignal.addEventListener('abort', abort, { once: true });
  if (options.signal.aborted) drain();
  if (options.forceSignal.aborted) abort();
  if (maxDurationMs !== null) void longest(maxDurationMs);
  return {
    [Symbol.dispose](): void {
      options.signal.removeEventListener('abort', drain);
      options.forceSignal.removeEventListener('abort', abort);
    },
  };
}
