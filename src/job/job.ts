/** What a job file says, and what one run of the job amounts to: the words that the parts of `job/` share. */
import type { ExitName } from '../errors.ts';
import type { ExecutionSettings, Kind, Mode, Summary } from '../types.ts';

/** A job file, checked: a standing approval for its deletions. All paths are absolute. */
export interface Job {
  /** Lower-case letters, digits, `-`, `_`, `.`; names its lock, its metrics and its history. */
  readonly name: string;
  /** The job file itself. */
  readonly file: string;
  /** Files, folders or globs. */
  readonly manifests: readonly string[];
  readonly kind: Kind | null;
  readonly mode: Mode;
  /** Our column names to theirs. */
  readonly map: Readonly<Record<string, string>>;
  readonly holds: readonly string[];
  readonly limits: JobLimits;
  readonly settings: Partial<ExecutionSettings>;
  readonly window: JobWindow | null;
  /** Folder for the results of each run, with `{job}`, `{date}` and `{runId}`; `null`: the run folder. */
  readonly out: string | null;
  /** Which result files go to `out`. */
  readonly reports: readonly JobReportFile[];
  readonly keep: JobKeep | null;
  readonly notify: JobNotify;
  /** Prometheus textfile, written after each run. */
  readonly metrics: string | null;
  readonly onEmpty: 'ok' | 'fail';
  readonly processed: 'move' | 'keep';
  readonly baseUrl: string | null;
  readonly apiKeyFile: string | null;
}

export const JOB_REPORT_FILES = ['results.csv', 'results.ndjson', 'summary.json'] as const;
export type JobReportFile = (typeof JOB_REPORT_FILES)[number];

interface JobLimits {
  /** Cap on the planned deletions of one run. */
  readonly deletions: number;
  /** Cap on the hard ones among them. */
  readonly hardDeletions: number;
  /** A plan larger than this many times the median of the last ten runs is refused. */
  readonly growth: number;
}

/** When a job may start, and at whose end it drains. */
export interface JobWindow {
  /** Days on which the window opens; 1 is Monday, 7 is Sunday. */
  readonly days: readonly number[];
  /** Minutes after local midnight. `until` at or before `from` is on the next day. */
  readonly fromMinute: number;
  readonly untilMinute: number;
  /** IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string;
}

/** Which run folders stay: the newest `runs`, and all younger than `days`; `null` is no such limit. */
interface JobKeep {
  readonly runs: number | null;
  readonly days: number | null;
}

export interface JobNotify {
  /** Health-check URL: `/start`, success at the URL itself, `/fail`. */
  readonly ping: string | null;
  readonly webhook: { readonly url: string; readonly secretFile: string | null } | null;
  /** Program and arguments; no shell. */
  readonly command: readonly string[] | null;
}

/** What started the job: told with `--trigger` and `--reason`, kept in the summary. */
export interface JobTrigger {
  readonly trigger: string;
  readonly reason: string;
}

/** What waits: entries of the job's manifests that are neither deleted nor on hold, and the manifests that have such. */
export interface JobBacklog {
  readonly manifests: number;
  readonly entries: number;
  /** Modification time (ms since 1970) of the oldest one. */
  readonly oldestAt: number | null;
}

/** One run of a job, ended: what its notifications, metrics and one-line message are made of. */
export interface JobEnd extends JobTrigger {
  readonly job: string;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly exitCode: number;
  readonly exitName: ExitName;
  /** One sentence for a person. */
  readonly why: string;
  /** The next command or step; `null` when nothing is to be done. */
  readonly next: string | null;
  /** The runs that this one carried out: first an interrupted one that was continued, then the new one. */
  readonly runs: readonly {
    readonly continued: boolean;
    readonly folder: string;
    readonly summary: Summary;
  }[];
  readonly backlog: JobBacklog;
  /** How long this run waited because the API asked for it or did not answer. */
  readonly pausedMs: number;
  /** Answers by HTTP status class, `none` for attempts without an answer. */
  readonly requests: Readonly<Record<'2xx' | '3xx' | '4xx' | '5xx' | 'none', number>>;
}

/** A notification that could not be delivered: it changes nothing about the run, but is logged, counted and named. */
export interface NotificationFailure {
  readonly channel: 'ping' | 'webhook' | 'command';
  readonly event: 'start' | 'success' | 'fail';
  /** One printable sentence without secrets: no URL path, no query. */
  readonly problem: string;
}
