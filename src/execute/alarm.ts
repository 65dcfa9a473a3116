import type { Clock } from '../ports.ts';

/** One timer that calls back at a monotonic time. It may ring too early, since plans change, but never too late. */
export interface Alarm {
  /** Rings at `at` or before; Infinity is never. */
  set(at: number): void;
}

/** An alarm that calls `onRing` each time it rings. While it is set to ring, the process lives. */
export function createAlarm(clock: Clock, onRing: () => void): Alarm {
  let timer: { readonly at: number; readonly cancel: AbortController } | null = null;

  async function ringAfter(ms: number, mine: NonNullable<typeof timer>): Promise<void> {
    await clock.sleep(ms, mine.cancel.signal);
    if (timer !== mine) return;
    timer = null;
    onRing();
  }

  return {
    set(at) {
      if (timer !== null) {
        // Rather an early ring than another timer: calling one off costs more.
        if (timer.at <= at && at < Infinity) return;
        timer.cancel.abort();
        timer = null;
      }
      if (at === Infinity) return;
      timer = { at, cancel: new AbortController() };
      void ringAfter(at - clock.monotonic(), timer);
    },
  };
}
