import type { Clock } from './ports.ts';

/** Node's timers fire at once for anything above (2^31 - 1 ms, 24.8 days). */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * The machine's clock. `sleep` never ends before its time by the monotonic clock, whatever the timer does, and treats
 * negative and NaN waits as none; `Infinity` waits for `signal` alone. It leaves no listener on `signal`.
 */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const until = performance.now() + (ms > 0 ? ms : 0);
      let timer: NodeJS.Timeout;
      const finish = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      const startTimer = (): void => {
        // Rounded up, since Node cuts fractions off and would wake early. It is late already on a busy machine.
        const left = Math.max(0, Math.ceil(until - performance.now()));
        timer = setTimeout(onTimer, Math.min(left, LONGEST_TIMER_MS));
      };
      // Timers count from the loop's cached time, so they may fire before their time: look again.
      const onTimer = (): void => {
        if (performance.now() >= until) finish();
        else startTimer();
      };
      signal?.addEventListener('abort', finish, { once: true });
      startTimer();
    }),
};
