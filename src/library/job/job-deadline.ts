import type { Job } from '../../job/job.ts';
import { describeWindow, windowClosesAt } from '../../job/window.ts';
import { PurgeError } from '../../errors.ts';
import { formatDuration } from '../../durations.ts';
import type { Clock } from '../../ports.ts';

/** Until when a run of a job may work. */
export interface JobDeadline {
  /** Milliseconds that are left, at least 1; `null`: no limit. Throws an `interrupted` PurgeError when none is. */
  readonly leftMs: () => number | null;
  /** What ends at the deadline, a phrase that fits before "is over" … ; `null` without one. */
  readonly over: string | null;
}

/**
 * The deadline of a run that starts now: the end of `maxDuration` or of the window, whichever comes first. Measured on the
 * monotonic clock from here on.
 */
export function jobDeadline(job: Pick<Job, 'settings' | 'window'>, clock: Clock): JobDeadline {
  const now = clock.now();
  const closesAt = job.window === null ? null : windowClosesAt(job.window, now);
  const ofWindow = closesAt === null ? Infinity : closesAt - now;
  const ofDuration = job.settings.maxDurationMs ?? Infinity;
  const until = clock.monotonic() + Math.min(ofWindow, ofDuration);
  const over = overText(job, ofWindow < ofDuration);
  return {
    over: until === Infinity ? null : over,
    leftMs: () => {
      if (until === Infinity) return null;
      const left = Math.floor(until - clock.monotonic());
      if (left > 0) return left;
      throw new PurgeError('interrupted', `${over}. Nothing more was sent.`, {
        next: 'the next run of the job goes on',
      });
    },
  };
}

function overText({ settings, window }: Pick<Job, 'settings' | 'window'>, isWindow: boolean): string {
  if (isWindow && window !== null) return `The window ${describeWindow(window)} has closed`;
  return `The maxDuration of ${formatDuration(settings.maxDurationMs ?? 0)} is over`;
}
