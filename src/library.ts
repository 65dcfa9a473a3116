/**
 * The public functions, with the real adapters chosen: manifests from files, SQLite run files, the Tavus API.
 * The command line is a thin user of this module. Nothing here prints, reads the environment or ends the process.
 */
import type { PurgeError } from './errors.ts';
import type { PurgeEvent } from './ports.ts';
import type {
  ExecutionSettings,
  Guards,
  Kind,
  ManifestFormat,
  Mode,
  Outcome,
  PlannedDeletion,
  PlanHeader,
  RunState,
  SkipReason,
  Summary,
} from './types.ts';

export interface PlanOptions {
  /** Files, globs, folders; `-` is standard input (needs `format` and `stdin`). They become one plan. */
  readonly manifests: readonly string[];
  readonly stdin?: AsyncIterable<Uint8Array>;
  /** Where run folders and the ledger are kept. */
  readonly stateDir: string;
  readonly baseUrl?: string;
  /** Not needed to plan; with it the plan is bound to the key's fingerprint. */
  readonly apiKey?: string;
  readonly kind?: Kind;
  readonly mode?: Mode;
  readonly format?: ManifestFormat;
  readonly delimiter?: string;
  /** Our column name → the manifest's: `{ id: 'video_uuid' }`. */
  readonly map?: Readonly<Record<string, string>>;
  /** Columns to ignore; `['*']` ignores every unknown one. */
  readonly ignoreColumns?: readonly string[];
  readonly holds?: readonly string[];
  readonly skipInvalid?: boolean;
  readonly anyIdShape?: boolean;
  readonly errorOnEmpty?: boolean;
  /** Plan IDs again that the ledger knows as deleted. */
  readonly again?: boolean;
  /** Look every ID up first (GET); needs `apiKey`. */
  readonly resolve?: boolean;
  readonly guards?: Partial<Guards>;
  readonly settings?: Partial<ExecutionSettings>;
  /** The job that plans: 1 to 64 of a-z 0-9 . _ -, the first a letter or digit. */
  readonly job?: string;
  readonly signal?: AbortSignal;
}

/** A plan in its run folder. */
export interface SavedPlan {
  readonly runId: string;
  readonly folder: string;
  readonly header: PlanHeader;
  readonly preview: PlanPreview;
}

/** Some of a plan, at most the same number of each. */
export interface PlanPreview {
  /** The first planned deletions. */
  readonly first: readonly PreviewRow[];
  /** The last planned deletions that are not among the first. */
  readonly last: readonly PreviewRow[];
  /** The first skipped entries in manifest order. */
  readonly skipped: readonly SkippedRow[];
}

export interface PreviewRow extends PlannedDeletion {
  readonly manifest: string;
  readonly line: number;
  readonly reason: string;
  readonly ticket: string;
  /** With `resolve`: what a GET said. */
  readonly resolution: string;
}

/** A skipped entry; the texts of an invalid one are those of the manifest. */
export interface SkippedRow {
  readonly kind: string;
  readonly id: string;
  readonly manifest: string;
  readonly line: number;
  readonly why: SkipReason;
  readonly detail: string;
}

export interface ApplyOptions {
  readonly stateDir: string;
  /** Run ID or run folder of a saved plan. */
  readonly run: string;
  readonly apiKey: string;
  /** First 8 or more hex digits of the planId: the approval of exactly this list. */
  readonly confirm: string;
  /** The base URL the operator means; refused (exit 4) when the plan is for another. */
  readonly baseUrl?: string;
  readonly planMaxAgeMs?: number;
  readonly guards?: Partial<Guards>;
  readonly settings?: Partial<ExecutionSettings>;
  /** Further hold files, besides those of the plan. */
  readonly holds?: readonly string[];
  readonly out?: string;
  /** What starts this life of the run, such as `cron`, and why: short printable texts, kept in run file and summary. */
  readonly trigger?: string;
  readonly reason?: string;
  /** How an error names the command that is the next step, from its words; `tavus-purge` and the words by default. */
  readonly command?: (words: readonly string[]) => string;
  /** Drain: no new attempt, what is in flight finishes (20 s at most). */
  readonly signal?: AbortSignal;
  /** Abort what is in flight. */
  readonly forceSignal?: AbortSignal;
}

export interface ResumeOptions {
  readonly stateDir: string;
  /** Run ID or run folder; without it the newest unfinished run of this target. */
  readonly run?: string;
  readonly apiKey: string;
  readonly baseUrl?: string;
  readonly settings?: Partial<
    Pick<ExecutionSettings, 'rate' | 'concurrency' | 'timeoutMs' | 'maxDurationMs'>
  >;
  /** Further hold files, besides those that the run honoured so far. */
  readonly holds?: readonly string[];
  readonly out?: string;
  /** As of `ApplyOptions`, for this life of the run. */
  readonly trigger?: string;
  readonly reason?: string;
  readonly command?: (words: readonly string[]) => string;
  readonly signal?: AbortSignal;
  readonly forceSignal?: AbortSignal;
}

export interface RunFiles {
  readonly resultsCsv: string;
  readonly resultsNdjson: string;
  readonly summaryJson: string;
}

/** How a run, or this life of it, ended. `error` says why in one sentence when the exit code is not 0 or 3. */
export interface RunEnd {
  readonly runId: string;
  readonly folder: string;
  readonly summary: Summary;
  readonly files: RunFiles;
  readonly error: string | null;
}

/** A run under way: iterate it for events (optional, once), await `finished` for its end. */
export interface PurgeRun extends AsyncIterable<PurgeEvent> {
  /** The same events, as many at a time as there are: cheaper where thousands come in a second. */
  batches(): AsyncIterable<readonly PurgeEvent[]>;
  /** Rejects with a PurgeError when the run was refused before its first request. */
  readonly finished: Promise<RunEnd>;
}

/** One run that knows an ID, as `findInRuns` tells it. Times are ISO 8601 UTC. */
export interface RunFinding {
  readonly runId: string;
  /** `null`: the run was pruned, or its folder lies elsewhere; the ledger knows this much of it. */
  readonly folder: string | null;
  readonly job: string | null;
  readonly baseUrl: string;
  /** When the plan was made; `null` when only the ledger's note of the deletion is left. */
  readonly plannedAt: string | null;
  readonly kind: string;
  readonly mode: string;
  readonly outcome: Outcome | 'would_delete' | 'skipped';
  /** Why it was skipped; `null`: it was not. */
  readonly skipped: SkipReason | null;
  /** `false`: the run can still change the outcome. */
  readonly final: boolean;
  readonly finishedAt: string | null;
  /** What a folder that is there tells besides; `null` from the ledger. */
  readonly entry: {
    readonly detail: string;
    readonly manifest: string;
    readonly line: number;
    readonly reason: string;
    readonly ticket: string;
  } | null;
}

export interface FindOptions {
  readonly stateDir: string;
  readonly id: string;
  /** Only as this kind. */
  readonly kind?: Kind;
  /** Hears of run folders that cannot be read. */
  readonly onUnreadable?: (folder: string, error: PurgeError) => void;
}

/** Which run folders stay: what either limit keeps. At least one must be given. */
export interface KeepRuns {
  /** The newest so many finished runs, and everything newer than the oldest of them; `null`: no such limit. */
  readonly runs: number | null;
  /** Everything younger than so many days of 24 hours; `null`: no such limit. */
  readonly days: number | null;
}

export interface PruneOptions {
  readonly stateDir: string;
  readonly keep: KeepRuns;
  /** Only runs of this job are counted and removed. */
  readonly job?: string;
  /** Say what would go, and change nothing. */
  readonly dryRun?: boolean;
  /** Wall clock, ms since 1970. */
  readonly now?: () => number;
  /** Hears of run folders that cannot be read; they stay. */
  readonly onUnreadable?: (folder: string, error: PurgeError) => void;
}

/** What pruning did about one run, and why. */
export interface PrunedRun {
  readonly runId: string;
  readonly folder: string;
  readonly job: string | null;
  readonly action: 'removed' | 'would_remove' | 'kept' | 'failed';
  readonly why: string;
}

export interface ListRunsOptions {
  readonly stateDir: string;
  /** Only runs of this job. */
  readonly job?: string;
  /** Only runs in one of these states. */
  readonly states?: readonly RunState[];
  /** Only runs that were planned or at work at this time (ms since 1970) or later. */
  readonly since?: number;
  /** Hears of run folders that cannot be read. */
  readonly onUnreadable?: (folder: string, error: PurgeError) => void;
}

export interface ReportOptions {
  readonly stateDir: string;
  readonly run: string;
  readonly out?: string;
}

export type { RunState } from './types.ts';

/** One line of `runs list`. */
export interface RunInfo {
  readonly runId: string;
  readonly folder: string;
  readonly state: RunState;
  readonly header: PlanHeader;
  /** As a report at this moment would say it. */
  readonly summary: Summary | null;
}

export { applyPlan } from './library/apply-plan.ts';
export { findInRuns } from './library/find-runs.ts';
export { listRuns, showRun, writeRunReport } from './library/inspect-runs.ts';
export { planPurge } from './library/plan-purge.ts';
export { pruneRuns } from './library/prune-runs.ts';
export { resumeRun } from './library/resume-run.ts';
