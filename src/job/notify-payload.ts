import { printableJson } from '../printable.ts';
import type { JobEnd } from './job.ts';

/** What webhooks and notification commands get: documented in docs/monitoring.md. Times are ISO 8601 UTC. */
export interface NotifyPayload extends Pick<
  JobEnd,
  'job' | 'exitCode' | 'exitName' | 'why' | 'next' | 'trigger' | 'reason' | 'runs' | 'pausedMs' | 'requests'
> {
  readonly schemaVersion: 1;
  /** The same in every try of one notification, and that of the header `webhook-id`. */
  readonly id: string;
  readonly event: 'success' | 'fail';
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly backlog: {
    readonly manifests: number;
    readonly entries: number;
    readonly oldestAt: string | null;
  };
}

/** Whether a run of a job is a success: its exit code is 0. */
export function eventOf(end: Pick<JobEnd, 'exitCode'>): 'success' | 'fail' {
  return end.exitCode === 0 ? 'success' : 'fail';
}

/** The end of a run of a job, as the value that is sent. */
export function notifyPayload(end: JobEnd, id: string): NotifyPayload {
  const { job, exitCode, exitName, why, next, trigger, reason, backlog, runs, pausedMs, requests } = end;
  return {
    schemaVersion: 1,
    id,
    event: eventOf(end),
    job,
    exitCode,
    exitName,
    why,
    next,
    trigger,
    reason,
    startedAt: iso(end.startedAt),
    finishedAt: iso(end.finishedAt),
    backlog: { ...backlog, oldestAt: backlog.oldestAt === null ? null : iso(backlog.oldestAt) },
    runs,
    pausedMs,
    requests,
  };
}

/** The same as JSON: one line, ASCII where a character could change how the line is read. */
export function notifyBody(payload: NotifyPayload): string {
  return printableJson(payload);
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
