import type { Environment } from '../../job/run-notify-command.ts';
import type { Job, JobEnd, NotificationFailure } from '../../job/job.ts';
import type { PurgeRun, SavedPlan } from '../../library.ts';
import type { Clock } from '../../ports.ts';
import type { CommandOf } from '../plain-command.ts';

/** What a job needs that its file does not say. */
export interface JobOptions {
  readonly job: Job;
  readonly stateDir: string;
  /**
   * The API key. Called once, after the job's lock is taken and its window is found open; a PurgeError that it throws
   * ends the job as any other does, and is told.
   */
  readonly findKey: () => string;
  /** The API, for a job file that does not name it. */
  readonly baseUrl?: string;
  /** Of this process: a notification command gets a few names of it. */
  readonly environment?: Environment;
  /** A command that the operator can type, from its words: `['job', 'run', 'nightly.yaml']`. */
  readonly command?: CommandOf;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

export interface RunJobOptions extends JobOptions {
  /** What starts the job, such as `cron`, and why: kept in the summary. */
  readonly trigger?: string;
  readonly reason?: string;
  /** Gives up what is in flight, notifications included. */
  readonly forceSignal?: AbortSignal;
  readonly watch?: JobWatcher;
}

/** Hears what a job does while it does it. */
export interface JobWatcher {
  /** A plan was made, and is carried out next unless it is refused. */
  readonly onPlan?: (plan: SavedPlan) => void;
  /** A run is carried out: iterate it for its events. */
  readonly onRun?: (run: PurgeRun) => void;
  /** What an operator should know; one sentence. */
  readonly onRemark?: (sentence: string) => void;
}

/** How a run of a job ended. */
export interface JobResult {
  readonly end: JobEnd;
  /** What could not be told to whom; it changes nothing about the end. */
  readonly notificationFailures: readonly NotificationFailure[];
  /** What an operator should know besides: manifests that stay, an old plan that came first. */
  readonly remarks: readonly string[];
  /** Lines that belong to a bad end, such as the wrong rows of a manifest. */
  readonly details: readonly string[];
  /** What was thrown if it was a bug. */
  readonly bug: unknown;
}
