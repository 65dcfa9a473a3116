import type { Clock } from '../ports.ts';
import type { RunControl } from './run-control.ts';

/** How long what is in flight may take to settle after a stop, before it is aborted. */
const DRAIN_MS = 20_000;

export interface Stops {
  readonly signal: AbortSignal;
  readonly forceSignal: AbortSignal;
  readonly control: RunControl;
  readonly clock: Clock;
  readonly force: AbortController;
  readonly ended: AbortSignal;
  readonly maxDurationMs: number | null;
}

/** Connects the signals, the longest duration and the drain limit to the run. */
export function stopOn(stops: Stops): Disposable {
  const { control, clock, force, ended, maxDurationMs } = stops;
  const drain = (): void => control.stop('signal', 'The run was asked to stop.');
  const abort = (): void => {
    drain();
    force.abort();
  };
  const drainLimit = async (): Promise<void> => {
    await clock.sleep(DRAIN_MS, ended);
    if (!ended.aborted) force.abort();
  };
  const longest = async (ms: number): Promise<void> => {
    await clock.sleep(ms, ended);
    if (!ended.aborted) control.stop('max_duration', 'The run reached its --max-duration.');
  };
  control.signal.addEventListener('abort', () => void drainLimit(), { once: true });
  stops.signal.addEventListener('abort', drain, { once: true });
  stops.forceSignal.addEventListener('abort', abort, { once: true });
  if (stops.signal.aborted) drain();
  if (stops.forceSignal.aborted) abort();
  if (maxDurationMs !== null) void longest(maxDurationMs);
  return {
    [Symbol.dispose](): void {
      stops.signal.removeEventListener('abort', drain);
      stops.forceSignal.removeEventListener('abort', abort);
    },
  };
}
