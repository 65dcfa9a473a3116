import type { Clock } from '../ports.ts';

const IN_A_ROW = 10;
const FROM_IDS = 3;
const AMONG_LAST = { attempts: 50, failed: 25 } as const;
/** The waits before the probes; after the last probe fails, the run is given up. */
const WAITS_MS = [15_000, 30_000, 60_000, 120_000] as const;

/** What `enter` tells the caller: send; send as the one probe; the signal was aborted; or the outage outlasted every probe. */
export type BreakerPass = 'go' | 'probe' | 'aborted' | 'gave_up';

/**
 * The circuit breaker of a run (CONTRACT.md 6): it stops the sending while the API is out. Every `probe` must be followed
 * by `record`, `throttled` or `abandonProbe` for its row, or everybody waits for a probe that never ends.
 */
export interface Breaker {
  /**
   * Waits until an attempt for `row` may be sent. At once while the breaker is closed. While it is open, the first
   * caller after the wait becomes the probe; the others wait for what comes of it.
   */
  enter(signal: AbortSignal, row: number): Promise<BreakerPass>;
  /** Tells how an attempt ended. Late ends of attempts from before the breaker opened change nothing while it is open. */
  record(row: number, isBreakerClass: boolean): void;
  /** Tells of a 429: it counts neither way, but a probe that got one proves the API is there, and closes the breaker. */
  throttled(row: number): void;
  /** Tells that an attempt was never sent. If it was the probe, the next caller becomes the probe. */
  abandonProbe(row: number): void;
  /**
   * Whether attempts other than the probe must wait. Synchronous: spares a closed breaker's `enter`, and tells a caller
   * that waited since its `go` (for its turn, for a commit, for a connection) whether to `enter` again.
   */
  readonly isOpen: boolean;
  /** Whether the last probe failed too: the run must drain. */
  readonly gaveUp: boolean;
}

export interface BreakerOptions {
  readonly clock: Clock;
  /** How many rows have no outcome yet. */
  readonly idsLeft: () => number;
  /** Called each time the breaker opens, again after a failed probe, with the wait in milliseconds. */
  readonly onOpen?: (waitMs: number) => void;
}

/** A closed breaker. */
export function createBreaker(options: BreakerOptions): Breaker {
  const { clock, idsLeft, onOpen } = options;
  let state: 'closed' | 'open' | 'gave_up' = 'closed';
  let failedInARow = 0;
  const failedRows = new Set<number>();
  /** Whether each of the latest attempts failed, oldest first. */
  let latest: boolean[] = [];
  let probesFailed = 0;
  let probeAt = 0;
  let probingRow: number | null = null;
  /** Wakes everyone who waits, whenever what they wait for has changed. */
  let changed = new AbortController();

  function wakeAll(): void {
    const previous = changed;
    changed = new AbortController();
    previous.abort();
  }

  function open(waitMs: number): void {
    state = 'open';
    probeAt = clock.monotonic() + waitMs;
    onOpen?.(waitMs);
  }

  function close(): void {
    state = 'closed';
    failedInARow = 0;
    failedRows.clear();
    latest = [];
    probesFailed = 0;
    probingRow = null;
    wakeAll();
  }

  function failProbe(): void {
    probingRow = null;
    probesFailed += 1;
    const waitMs = WAITS_MS[probesFailed];
    if (waitMs === undefined) state = 'gave_up';
    else open(waitMs);
    wakeAll();
  }

  function count(row: number, failed: boolean): void {
    latest.push(failed);
    if (latest.length > AMONG_LAST.attempts) latest.shift();
    if (!failed) {
      // Nearly always there is nothing to clear, and that costs as if there were.
      if (failedInARow > 0) failedRows.clear();
      failedInARow = 0;
      return;
    }
    failedInARow += 1;
    failedRows.add(row);
    const fromEnough = failedRows.size >= Math.min(FROM_IDS, idsLeft());
    const tooMany = latest.filter(Boolean).length >= AMONG_LAST.failed;
    if ((failedInARow >= IN_A_ROW && fromEnough) || tooMany) open(WAITS_MS[0]);
  }

  return {
    async enter(signal, row) {
      for (;;) {
        if (signal.aborted) return 'aborted';
        if (state === 'closed') return 'go';
        if (state === 'gave_up') return 'gave_up';
        const waitMs = probingRow === null ? probeAt - clock.monotonic() : Infinity;
        if (waitMs <= 0) {
          probingRow = row;
          return 'probe';
        }
        // One after the other on purpose: each wait depends on what the one before ended with.
        // oxlint-disable-next-line no-await-in-loop
        await clock.sleep(waitMs, AbortSignal.any([signal, changed.signal]));
      }
    },
    record(row, isBreakerClass) {
      if (state === 'closed') count(row, isBreakerClass);
      else if (row === probingRow) {
        if (isBreakerClass) failProbe();
        else close();
      }
    },
    throttled(row) {
      if (row === probingRow) close();
    },
    abandonProbe(row) {
      if (row !== probingRow) return;
      probingRow = null;
      wakeAll();
    },
    get isOpen() {
      return state !== 'closed';
    },
    get gaveUp() {
      return state === 'gave_up';
    },
  };
}
