/**
 * What the core needs from outside, as interfaces: the API, the run file, the ledger, holds, time and chance.
 * Adapters (`tavus/`, `store/`, `manifest/`) implement them; tests and the simulator replace them.
 */
import type {
  AttemptHistory,
  ExecutionSettings,
  FinalOutcome,
  HoldFileSummary,
  Kind,
  ManifestEntry,
  ManifestRow,
  Mode,
  Outcome,
  PlanHeader,
  PlannedDeletion,
  Rate,
  SkipReason,
  SourceSummary,
  StopReason,
  Target,
  Verdict,
} from './types.ts';

// ---------------------------------------------------------------- time and chance

/** Time as the core sees it. Everything that waits or measures goes through here. */
export interface Clock {
  /** Wall clock, whole milliseconds since 1970 UTC: for stamps only, it may jump. */
  readonly now: () => number;
  /** Monotonic milliseconds: for every wait and every duration. */
  readonly monotonic: () => number;
  /** Resolves after `ms`, or at once (without an error) when `signal` aborts. `ms` above a timer's range is waited out in parts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** A uniformly distributed number in [0, 1). */
export type Random = () => number;

// ---------------------------------------------------------------- stage 1

/** Where entries come from: manifests today. Nothing after stage 1 knows which source it is. */
export interface EntrySource {
  /**
   * The rows in manifest order, in pages of bounded size; can be read once. Throws a `usage` PurgeError when a
   * source cannot be read at all (missing file, wrong encoding, unknown column …).
   */
  pages(): AsyncIterable<readonly ManifestRow[]>;
  /** Complete once `pages` has been read to its end. */
  summaries(): readonly SourceSummary[];
  /** What a reviewer of the plan should know, as sentences; complete once `pages` has been read to its end. */
  warnings?(): readonly string[];
}

export interface Hold {
  readonly reason: string;
  /** The hold file, as the operator named it. */
  readonly path: string;
}

/** IDs that must not be deleted. */
export interface Holds {
  /** The hold on this ID at this moment, or `undefined`. */
  find(kind: Kind, id: string): Hold | undefined;
  /** What was read, for plan.json. */
  summaries(): readonly HoldFileSummary[];
  /** Reads hold files again if they changed. Throws a `usage` PurgeError when one is missing or malformed. */
  refresh(): Promise<void>;
}

// ---------------------------------------------------------------- stage 2: the run file while it is planned

/** An entry whose ID an earlier entry of the plan has as well. */
export interface RepeatedEntry extends EntryPlace {
  readonly id: string;
  readonly earlier: EntryPlace;
}

/** What an entry says about its ID, and where. */
export interface EntryPlace {
  readonly kind: Kind;
  readonly mode: Mode;
  readonly source: number;
  readonly line: number;
}

/** A plan being written: one run file that nobody else sees until `publish`. */
export interface PlanDraft {
  readonly runId: string;
  /** Adds an entry as a planned deletion, or as skipped when `skip` is given. */
  add(entry: ManifestEntry, skip?: { readonly why: SkipReason; readonly detail: string }): void;
  /** Adds a row that is `skipped: invalid`. */
  addInvalid(row: ManifestRow & { readonly valid: false }): void;
  /**
   * Takes out every entry whose ID an earlier one has, and tells of each, in manifest order. To be called once, when
   * all entries are added and before anything else is asked.
   */
  dropRepeated(onRepeated: (entry: RepeatedEntry) => void): void;
  /** Keeps a remark with a planned deletion, such as what a look-up said of it. */
  note(row: number, text: string): void;
  /** The planned deletions in plan order (videos before replicas, manifest order within), in pages of bounded size. */
  plannedPages(): Iterable<readonly PlannedDeletion[]>;
  /** The same as the text that the planId is made of. */
  plannedLines(): Iterable<PlannedLines>;
  counts(): PlanCounts;
}

/** A planned deletion with its place and texts, whatever became of it. */
export interface PlannedEntry extends Omit<RecordedDeletion, 'row' | 'final' | 'history'> {
  /** What the planner remarked, such as what a look-up said; often empty. */
  readonly note: string;
}

/** Planned deletions that follow each other in plan order. */
export interface PlannedPiece {
  readonly rows: number;
  /** The manifest that all of them come from; `null` when there are several. */
  readonly source: number | null;
  /**
   * Their texts as they stand: kind, ID, mode, `outcome`, note, `manifest`, line, reason and ticket with a comma between
   * them and a line feed after each row. To put them together takes a third of the time that reading them takes.
   */
  joined(outcome: string, manifest: string): string;
  entries(): readonly PlannedEntry[];
}

/** Some of the planned deletions, as lines of the text that the planId is made of (CONTRACT.md 4). */
export interface PlannedLines {
  readonly text: string;
  readonly rows: number;
}

export interface PlanCounts {
  readonly planned: number;
  readonly byKindAndMode: PlanHeader['counts'];
  readonly skipped: Readonly<Record<SkipReason, number>>;
}

// ---------------------------------------------------------------- stage 3: the run file while it is carried out

/** A planned deletion whose turn has not ended: what to delete, and what earlier lives of the run did about it. */
export interface PendingDeletion extends PlannedDeletion {
  readonly history: AttemptHistory;
}

/**
 * The requests of a row, over all lives of the run. `firstSentAt`: when the first was handed to its connection, or was to
 * be and got none; of an earlier life, when its intent was recorded, before that.
 */
export type SentBefore = Pick<AttemptHistory, 'attempts' | 'firstSentAt'>;

/** How one life of a run begins. */
export interface LifeStart {
  readonly startedAt: number;
  readonly keyFingerprint: string;
  readonly settings: ExecutionSettings;
  readonly toolVersion: string;
  /** The hold files that are honoured, as absolute paths: `resume` honours them too. */
  readonly holdFiles: readonly string[];
  /** What started it, such as `cron`, and why; `null` or nothing when nobody said. */
  readonly trigger?: string | null;
  readonly reason?: string | null;
}

/** How one life of a run ended. */
export interface LifeEnd {
  readonly exitCode: number;
  readonly stopReason: StopReason | null;
  /** One sentence for a person; empty when nothing stopped the run. */
  readonly stopDetail: string;
  /** Do not resume before this time (ms since 1970), from a long Retry-After. */
  readonly notBefore: number | null;
  readonly endedAt: number;
}

/**
 * The run file as the executor writes it. Every promise resolves when what it records is durable (synced), and rejects
 * with a `storage` PurgeError when it is not; after the first rejection every later call rejects as well.
 * Calls are made durable in the order in which they were made.
 */
export interface RunJournal {
  /** A new life of the run begins, before its first request. */
  startLife(start: LifeStart): Promise<void>;
  /** This life of the run ended in order. */
  endLife(end: LifeEnd): Promise<void>;
  /** Planned deletions after `row` (exclusive) that have no final outcome, in plan order, at most `limit`. */
  pending(afterRow: number, limit: number): readonly PendingDeletion[];
  /** How many planned deletions have no final outcome. */
  pendingCount(): number;
  /** An attempt is about to be sent: the intent. `attempt` counts from 1 within the row, over all lives. */
  begin(row: number, attempt: number, at: number): Promise<void>;
  /** An attempt that was begun and then never sent. It counts as no request. */
  withdraw(row: number, attempt: number): Promise<void>;
  /** An attempt ended and the row's turn goes on, or the run ends before it does. */
  end(row: number, attempt: number, verdict: Verdict, at: number): Promise<void>;
  /**
   * The row's final outcome, and what was `sent` for it over all lives. It says how the row's last attempt ended, too;
   * `retryAfterMs`, for how long its answer asked not to be called again.
   */
  finish(row: number, final: FinalOutcome, sent: SentBefore, retryAfterMs?: number | null): Promise<void>;
  /** Resolves when everything recorded before is durable. */
  flush(): Promise<void>;
  /**
   * When requests of this run were sent within the window of `rate` before `now` (wall clock), oldest first: the
   * latest `rate.count` of them at most, never earlier than they really were.
   */
  recentlySent(now: number, rate: Rate): readonly number[];
  /** The latest time (ms since 1970) before which an answer asked not to be called again; `null` when none did. */
  notBefore(): number | null;
  /** Retries charged to the budget in all lives so far. */
  retriesCharged(): number;
}

// ---------------------------------------------------------------- stage 4

/** What a report is made of: read-only, and the same at any moment of a run's life. */
export interface RunRecord {
  readonly runId: string;
  readonly header: PlanHeader;
  /** The target of the last life, or of the plan before there was one. */
  readonly target: Target;
  /** The settings of the last life, or of the plan before there was one. */
  readonly settings: ExecutionSettings;
  /** The last life, or `null` before the first. `end` is `null` while it runs or when it was killed. */
  readonly lastLife: {
    readonly startedAt: number;
    /** What started it and why, as its operator said it. */
    readonly trigger: string | null;
    readonly reason: string | null;
    readonly end: LifeEnd | null;
  } | null;
  /** When the first life began. */
  readonly startedAt: number | null;
  /** Planned deletions in plan order, with what is known of each. */
  deletions(): Iterable<RecordedDeletion>;
  /** Skipped entries in manifest order, texts as the manifest said them. */
  skipped(): Iterable<SkippedEntry>;
  totals(): RunTotals;
}

export interface RecordedDeletion extends PlannedDeletion {
  readonly source: number;
  readonly line: number;
  readonly reason: string;
  readonly ticket: string;
  readonly history: AttemptHistory;
  readonly final: FinalOutcome | null;
}

export interface SkippedEntry {
  readonly kind: string;
  readonly id: string;
  readonly mode: string;
  readonly source: number;
  readonly line: number;
  readonly reason: string;
  readonly ticket: string;
  readonly why: SkipReason;
  readonly detail: string;
}

export interface RunTotals {
  readonly planned: number;
  /** Planned deletions without a final outcome: what `resume` takes up. */
  readonly pending: number;
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly skipped: Readonly<Record<SkipReason, number>>;
  /** Attempts sent, over all lives. */
  readonly requests: number;
  /** Requests after the first of an ID. */
  readonly retries: number;
  /** 429 answers. */
  readonly rateLimited: number;
}

// ---------------------------------------------------------------- the ledger

export interface LedgerEntry {
  readonly mode: Mode;
  readonly outcome: 'deleted' | 'deleted_inferred';
  readonly at: number;
  readonly runId: string;
}

/** The memory across runs: which ID was deleted how, when, by which run; keyed by base URL, kind and ID. */
export interface Ledger {
  /** The hardest known deletion of this ID, or `undefined`. */
  find(kind: Kind, id: string): LedgerEntry | undefined;
}

// ---------------------------------------------------------------- the API

/** How a request is sent. */
export interface Sending {
  /** Limit of the whole attempt: connecting, waiting, reading. */
  readonly timeoutMs: number;
  /** Aborts the request in flight. */
  readonly signal?: AbortSignal;
}

/** One attempt's answer and when it happened (wall clock). */
export interface AttemptEnd {
  readonly verdict: Verdict;
  readonly endedAt: number;
}

/** The deleting side of the API. Made from an approval only; see `plan/approve`. */
export interface DeleteApi {
  /**
   * Sends one DELETE and classifies what came back. Never rejects for anything that the network or the server does.
   * `signal` aborts the request in flight (the second Ctrl-C); the attempt then ends as "may have been applied"
   * unless it provably had not left. `mayLeave` is asked once at most, in the moment in which the request would be handed
   * to its connection, which may have had to be opened first; when it says no, the request is never sent.
   */
  send(deletion: PlannedDeletion, options: Sending, mayLeave: () => boolean): Promise<AttemptEnd>;
  /** Closes the connections. Resolves when they are closed. */
  close(): Promise<void>;
}

/** What one GET says about an ID. `unknown` is every answer that is not conclusive: it never counts as a match. */
export type Resolution =
  | {
      readonly state: 'present';
      readonly name: string;
      readonly status: string;
      readonly createdAt: number | null;
    }
  | { readonly state: 'gone'; readonly detail: string }
  | { readonly state: 'unknown'; readonly detail: string };

/** The reading side of the API: all that a planner is ever given. It has no delete. */
export interface ReadApi {
  resolve(kind: Kind, id: string, options: Sending): Promise<Resolution>;
  close(): Promise<void>;
}

// ---------------------------------------------------------------- what the executor tells while it works

/** What happens during a run, for progress displays and logs. Told after the fact is durable, never before. */
export type PurgeEvent =
  | {
      readonly type: 'started';
      readonly runId: string;
      readonly planned: number;
      readonly pending: number;
      readonly settings: ExecutionSettings;
    }
  | {
      readonly type: 'attempt';
      readonly row: number;
      readonly kind: Kind;
      readonly id: string;
      readonly mode: Mode;
      readonly attempt: number;
      readonly status: number | null;
      readonly applied: Verdict['applied'];
      readonly detail: string;
      readonly willRetry: boolean;
    }
  | {
      readonly type: 'outcome';
      readonly row: number;
      readonly kind: Kind;
      readonly id: string;
      readonly mode: Mode;
      readonly outcome: Outcome;
      readonly detail: string;
      readonly attempts: number;
    }
  | { readonly type: 'paused'; readonly reason: 'retry_after' | 'outage'; readonly ms: number }
  | { readonly type: 'rate'; readonly perSecond: number }
  | { readonly type: 'warning'; readonly message: string }
  | { readonly type: 'stopping'; readonly reason: StopReason; readonly detail: string }
  /** The consumer was slower than the run: it missed this many events. */
  | { readonly type: 'events_dropped'; readonly count: number }
  | { readonly type: 'finished'; readonly exitCode: number; readonly stopReason: StopReason | null };

export type OnEvent = (event: PurgeEvent) => void;
