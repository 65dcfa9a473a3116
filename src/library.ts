/**
 * The public functions, with the real adapters chosen: manifests from files, SQLite run files, the Tavus API.
 * The command line is a thin user of this module. Nothing here prints, reads the environment or ends the process.
 */
import type { PurgeEvent } from './ports.ts';
import type {
  ExecutionSettings,
  Guards,
  Kind,
  ManifestFormat,
  Mode,
  PlannedDeletion,
  PlanHeader,
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
  readonly out?: string;
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

/** A run under way: iterate it for events (optional), await `finished` for its end. */
export interface PurgeRun extends AsyncIterable<PurgeEvent> {
  /** Rejects with a PurgeError when the run was refused before its first request. */
  readonly finished: Promise<RunEnd>;
}

export interface ReportOptions {
  readonly stateDir: string;
  readonly run: string;
  readonly out?: string;
}

export type RunState = 'planned' | 'refused' | 'running' | 'interrupted' | 'stopped' | 'finished';

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
export { listRuns, showRun, writeRunReport } from './library/inspect-runs.ts';
export { planPurge } from './library/plan-purge.ts';
export { resumeRun } from './library/resume-run.ts';
