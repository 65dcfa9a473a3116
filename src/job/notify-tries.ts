/** What all notifications have in common: a few tries, each with a limit, all of them with another, and never an error. */
import pRetry from 'p-retry';
import { PurgeError } from '../errors.ts';
import type { Clock, Random } from '../ports.ts';

export interface NotifyLimits {
  readonly tries: number;
  /** Limit of one try. */
  readonly tryMs: number;
  /** Limit of all tries and of the pauses between them. */
  readonly totalMs: number;
}

/** How a notification is delivered. */
export interface Delivery {
  readonly limits: NotifyLimits;
  readonly clock: Clock;
  readonly random: Random;
  /** Gives up at once when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** A try that failed. The message completes "https://hc-ping.com …" and holds nothing secret. */
export class TryFailed extends Error {
  readonly isWorthRetrying: boolean;

  constructor(problem: string, isWorthRetrying: boolean) {
    super(problem);
    this.isWorthRetrying = isWorthRetrying;
  }
}

const FIRST_PAUSE_MS = 1_000;

/**
 * Delivers by `tryOnce`, again after a failure that is worth it. Answers with `null`, or with one sentence about
 * `subject` that says why not; never rejects, and never takes longer than the limit of all tries.
 */
export async function deliver(
  subject: string,
  tryOnce: (signal: AbortSignal) => Promise<void>,
  delivery: Delivery,
): Promise<string | null> {
  const { clock, limits } = delivery;
  const until = clock.monotonic() + limits.totalMs;
  let tries = 0;
  try {
    // p-retry owns the loop; the pauses are ours, since they end with the limit and with the signal.
    await pRetry(
      () => {
        tries += 1;
        return tryWithin(Math.min(limits.tryMs, until - clock.monotonic()), tryOnce, delivery);
      },
      {
        retries: limits.tries - 1,
        minTimeout: 0,
        shouldRetry: ({ error, attemptNumber }) =>
          error instanceof TryFailed && error.isWorthRetrying && pause(attemptNumber, until, delivery),
      },
    );
    return null;
  } catch (thrown) {
    const after = tries > 1 ? ` (${String(tries)} tries)` : '';
    return thrown instanceof TryFailed ? `${subject} ${thrown.message}${after}.` : sentenceFor(thrown);
  }
}

/** What to say of something that is not a failed try. Only our own words: a foreign message may hold a URL. */
export function sentenceFor(thrown: unknown): string {
  if (thrown instanceof PurgeError) return thrown.message;
  const what = thrown instanceof Error ? thrown.name : typeof thrown;
  return `It failed in a way that was not foreseen (${what}).`;
}

async function tryWithin(
  ms: number,
  tryOnce: (signal: AbortSignal) => Promise<void>,
  { clock, signal: cancel }: Delivery,
): Promise<void> {
  const over = new AbortController();
  const signal = cancel === undefined ? over.signal : AbortSignal.any([over.signal, cancel]);
  if (signal.aborted) throw givenUp();
  // Ends with the try, too: to abort what is over does nothing.
  void clock.sleep(ms, over.signal).then(() => over.abort());
  try {
    // A race, since the limit holds also for what does not end when it is told to.
    await Promise.race([tryOnce(signal), rejectWhenAborted(signal)]);
  } catch (thrown) {
    if (cancel?.aborted === true) throw givenUp();
    if (over.signal.aborted) throw new TryFailed(`took longer than ${seconds(ms)} s`, true);
    throw thrown;
  } finally {
    over.abort();
  }
}

function rejectWhenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new TryFailed('did not end in time', true)), {
      once: true,
    });
  });
}

/** Waits before the next try: 0.5 to 1 s, then 1 to 2 s. Whether there is time for one. */
async function pause(tries: number, until: number, { clock, random, signal }: Delivery): Promise<boolean> {
  const ms = FIRST_PAUSE_MS * 2 ** (tries - 1) * (0.5 + random() / 2);
  if (clock.monotonic() + ms >= until) return false;
  await clock.sleep(ms, signal);
  return true;
}

function givenUp(): TryFailed {
  return new TryFailed('was not told, since the program was asked to end at once', false);
}

function seconds(ms: number): string {
  return String(Math.max(0, Math.round(ms / 100) / 10));
}
