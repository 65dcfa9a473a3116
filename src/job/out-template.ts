import { Temporal } from 'temporal-polyfill';
import { JOB_NAME, OUT_PLACEHOLDER } from './job-values.ts';

/** As run IDs are made: `20261122-132723-8ee2df`. */
const SAFE_PART = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** What the placeholders of `out` stand for. */
export interface OutValues {
  readonly job: string;
  readonly runId: string;
  /** When the run began, ms since 1970. */
  readonly startedAt: number;
  /** The zone of the job's window; `null` is UTC. */
  readonly timeZone: string | null;
}

/**
 * The folder for the results of one run. `{date}` is the local day (`2026-11-22`) on which the run began, in the zone
 * of the job's window, else in UTC. Throws a RangeError for a job name or run ID that could leave the folder: a bug.
 */
export function expandOut(template: string, values: OutValues): string {
  if (!JOB_NAME.test(values.job) || !SAFE_PART.test(values.runId)) {
    throw new RangeError('a job name or a run ID is no safe part of a path');
  }
  const parts = { job: values.job, runId: values.runId, date: localDate(values.startedAt, values.timeZone) };
  return template.replaceAll(OUT_PLACEHOLDER, (_, name: keyof typeof parts) => parts[name]);
}

/** `2026-11-22`: the day in that zone. */
function localDate(at: number, timeZone: string | null): string {
  return Temporal.Instant.fromEpochMilliseconds(at)
    .toZonedDateTimeISO(timeZone ?? 'UTC')
    .toPlainDate()
    .toString();
}
