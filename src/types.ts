/**
 * The values that flow through a purge, in the order in which they flow:
 * manifest rows, the plan, attempts, outcomes, results. One type a stage; none grows on the way.
 */

export const KINDS = ['video', 'replica'] as const;
/** What an ID names. */
export type Kind = (typeof KINDS)[number];

export const MODES = ['soft', 'hard'] as const;
/** How it is deleted: `hard` is irrevocable. */
export type Mode = (typeof MODES)[number];

// ---------------------------------------------------------------- stage 1: manifests

export const MANIFEST_FORMATS = ['csv', 'json', 'ndjson'] as const;
export type ManifestFormat = (typeof MANIFEST_FORMATS)[number];

/** One valid row of a manifest. `reason` and `ticket` are empty strings when the manifest has none. */
export interface ManifestEntry {
  readonly valid: true;
  readonly kind: Kind;
  readonly id: string;
  readonly mode: Mode;
  readonly reason: string;
  readonly ticket: string;
  /** Index into the run's sources. */
  readonly source: number;
  /** 1-based line on which the row starts. */
  readonly line: number;
}

/** One row that cannot be planned. The texts are what the manifest said, made printable and cut. */
export interface InvalidRow {
  readonly valid: false;
  readonly source: number;
  readonly line: number;
  /** 1-based column (in characters) of the value that is wrong; 1 when the whole row is. */
  readonly column: number;
  /** The wrong value, made printable. */
  readonly value: string;
  /** What is wrong and what was expected, one sentence. */
  readonly problem: string;
  readonly kind: string;
  readonly id: string;
  readonly mode: string;
  readonly reason: string;
  readonly ticket: string;
}

export type ManifestRow = ManifestEntry | InvalidRow;

/** What is known about a manifest once it has been read to its end. */
export interface SourceSummary {
  /** As the operator named it; `-` for standard input. */
  readonly path: string;
  readonly format: ManifestFormat;
  /** Lower-case hex, over exactly the bytes that were read. */
  readonly sha256: string;
  /** Rows, valid or not, duplicates included. */
  readonly entries: number;
}

// ---------------------------------------------------------------- stage 2: the plan

export const SKIP_REASONS = ['held', 'deleted_before', 'invalid'] as const;
/** Why an entry never became a planned deletion. */
export type SkipReason = (typeof SKIP_REASONS)[number];

/** One planned deletion. `row` orders the plan and names the deletion inside its run file. */
export interface PlannedDeletion {
  readonly row: number;
  readonly kind: Kind;
  readonly id: string;
  readonly mode: Mode;
}

export interface KindModeCount {
  readonly kind: Kind;
  readonly mode: Mode;
  readonly count: number;
}

/** A cap on the whole plan; `null` is `unlimited`. */
export interface Guards {
  readonly maxDeletions: number | null;
  readonly maxHard: number | null;
}

/** What a rate limit allows: at most `count` requests in any sliding window of `windowMs`. */
export interface Rate {
  readonly count: number;
  readonly windowMs: number;
}

/** The settings a run is carried out with; saved in the run file, used again by `resume`. */
export interface ExecutionSettings {
  readonly rate: Rate;
  readonly concurrency: number;
  /** Attempts per ID, 429 answers not counted. */
  readonly attempts: number;
  /** Wall-clock limit of one attempt. */
  readonly timeoutMs: number;
  /** Drain after this time; `null` is no limit. */
  readonly maxDurationMs: number | null;
  readonly allowNotFound: boolean;
}

/** Where a run deletes. `keyFingerprint`: first 8 hex digits of SHA-256 of the API key, `null` before a key is known. */
export interface Target {
  readonly baseUrl: string;
  readonly keyFingerprint: string | null;
}

// ---------------------------------------------------------------- stage 3: attempts and outcomes

export const OUTCOMES = [
  'deleted',
  'deleted_inferred',
  'not_found',
  'rejected',
  'failed',
  'unknown',
  'held',
  'not_attempted',
] as const;
/** What became of one planned deletion; exactly one each. */
export type Outcome = (typeof OUTCOMES)[number];

/** Whether an attempt deleted something, as far as its answer proves it. */
export type Applied = 'yes' | 'no' | 'maybe';

/** Why a run ended before its plan was done. */
export const STOP_REASONS = [
  'signal',
  'max_duration',
  'long_retry_after',
  'outage',
  'holds_unreadable',
  'unauthorized',
  'payment_required',
  'redirect',
  'tls',
  'not_the_api',
  'forbidden',
  'wrong_endpoint',
  'not_found_surge',
  'storage',
  'bug',
] as const;
export type StopReason = (typeof STOP_REASONS)[number];

/**
 * What the answer to one attempt means (CONTRACT.md 6). Made in `tavus/classify-answer` only.
 * `outcome` is the row's outcome if this attempt is its last and no earlier one may have been applied.
 */
export interface Verdict {
  readonly applied: Applied;
  readonly next: 'final' | 'retry' | 'retry_throttled';
  readonly outcome: Outcome;
  readonly effect: Effect;
  /** HTTP status, `null` when there was no answer. */
  readonly status: number | null;
  /** One printable line for a person: the API's own words, or what happened on the way. */
  readonly detail: string;
  /** What the server asked for: wait this many milliseconds. `null`: nothing usable. */
  readonly retryAfterMs: number | null;
}

/** What an answer means for the whole run. */
export type Effect =
  | { readonly type: 'none' }
  /** Worth a warning, once a run. */
  | { readonly type: 'warning' }
  | { readonly type: 'throttle' }
  /** Counts towards the breaker. */
  | { readonly type: 'breaker' }
  /** Three in a row stop the run. */
  | { readonly type: 'forbidden' }
  /** Two in a row stop the run. */
  | { readonly type: 'not_the_api' }
  | { readonly type: 'stop'; readonly reason: StopReason };

/** What earlier attempts, of this life of the run or of one before, left behind for a row. */
export interface AttemptHistory {
  /** Requests begun so far. */
  readonly attempts: number;
  /** Whether one of them may have deleted the ID. */
  readonly mayBeApplied: boolean;
  readonly firstSentAt: number | null;
  readonly lastStatus: number | null;
  readonly lastDetail: string;
  readonly lastEndedAt: number | null;
}

/** A final outcome: durable once recorded, and the ID is never sent again. Never `not_attempted`. */
export interface FinalOutcome {
  readonly outcome: Outcome;
  readonly detail: string;
  readonly status: number | null;
  readonly finishedAt: number;
}

// ---------------------------------------------------------------- stage 4: results

/** One row of results.csv and results.ndjson, in the order of their fields. Times are ISO 8601 UTC with milliseconds. */
export interface ResultRow {
  /** As the manifest said it, for a row that was `skipped: invalid`. */
  readonly kind: string;
  readonly id: string;
  readonly mode: string;
  readonly outcome: Outcome | 'skipped';
  readonly detail: string;
  readonly httpStatus: number | null;
  readonly attempts: number;
  readonly firstSentAt: string | null;
  readonly finishedAt: string | null;
  readonly durationMs: number | null;
  readonly manifest: string;
  readonly line: number;
  readonly reason: string;
  readonly ticket: string;
  readonly runId: string;
}

/** summary.json (CONTRACT.md 8), as a value. */
export interface Summary {
  readonly schemaVersion: 1;
  readonly tool: { readonly name: string; readonly version: string };
  readonly runId: string;
  readonly planId: string;
  readonly target: Target;
  readonly complete: boolean;
  readonly exitCode: number;
  readonly stopReason: StopReason | null;
  readonly notBefore: string | null;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly planned: number;
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly skipped: Readonly<Record<SkipReason, number>>;
  readonly duplicates: number;
  readonly requests: number;
  readonly retries: number;
  readonly rateLimited: number;
  /** The job whose plan it is; `null`: none. */
  readonly job: string | null;
  /** What started the last life of the run (`--trigger`), and why (`--reason`); `null` when nobody said. */
  readonly trigger: string | null;
  readonly reason: string | null;
  readonly sources: readonly SourceInSummary[];
}

interface SourceInSummary {
  readonly path: string;
  readonly sha256: string;
  readonly entries: number;
}

export const RUN_STATES = ['planned', 'refused', 'running', 'interrupted', 'stopped', 'finished'] as const;
/** What a run is at: `planned` and `refused` were never applied, `interrupted` and `stopped` have something left to do. */
export type RunState = (typeof RUN_STATES)[number];

/** What is known about a hold file that was read. */
export interface HoldFileSummary {
  readonly path: string;
  readonly sha256: string;
  readonly entries: number;
  /** Entries whose `until` has passed: they hold nothing any more. Plans of earlier versions do not say. */
  readonly expired?: number | undefined;
}

/** plan.json (CONTRACT.md 8), as a value. */
export interface PlanHeader {
  readonly schemaVersion: 1;
  readonly tool: { readonly name: string; readonly version: string };
  readonly mode: 'plan';
  readonly runId: string;
  readonly planId: string;
  readonly target: Target;
  readonly createdAt: string;
  /** The job that made it; `null`: none. Plans of earlier versions do not say. */
  readonly job?: string | null | undefined;
  readonly sources: readonly SourceSummary[];
  readonly planned: number;
  readonly counts: readonly KindModeCount[];
  readonly skipped: Readonly<Record<SkipReason, number>>;
  readonly duplicates: number;
  readonly guards: Guards;
  /** Sentences; empty when no guard refuses the plan. */
  readonly refused: readonly string[];
  readonly holds: readonly HoldFileSummary[];
  /** The same files as absolute paths, in the order of `sources` and `holds`; `-` stays. */
  readonly files: { readonly sources: readonly string[]; readonly holds: readonly string[] };
  readonly settings: ExecutionSettings;
  readonly estimate: { readonly requests: number; readonly durationMs: number };
  readonly warnings: readonly string[];
  readonly planCsvSha256: string;
}
