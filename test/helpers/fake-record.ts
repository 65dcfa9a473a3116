import type { LifeEnd, RecordedDeletion, RunRecord, RunTotals, SkippedEntry } from '../../src/ports.ts';
import { NO_HISTORY } from '../../src/store/attempt-history.ts';
import type { AttemptHistory, FinalOutcome, Outcome, PlanHeader, SkipReason } from '../../src/types.ts';

/** 2026-03-01T10:00:00.000Z */
export const START = Date.UTC(2026, 2, 1, 10);

export const TOOL = { name: 'tavus-purge', version: '1.2.3' };

export const NEVER_SENT: AttemptHistory = NO_HISTORY;

export const NO_OUTCOMES: RunTotals['counts'] = {
  deleted: 0,
  deleted_inferred: 0,
  not_found: 0,
  rejected: 0,
  failed: 0,
  unknown: 0,
  held: 0,
  not_attempted: 0,
};

const ENDED: LifeEnd = {
  exitCode: 0,
  stopReason: null,
  stopDetail: '',
  notBefore: null,
  endedAt: START + 60_000,
};

export function fakeDeletion(row: number, more: Partial<RecordedDeletion> = {}): RecordedDeletion {
  return {
    row,
    kind: 'video',
    id: row.toString(16).padStart(10, '0'),
    mode: 'soft',
    source: 0,
    line: row + 2,
    reason: '',
    ticket: '',
    history: NEVER_SENT,
    final: null,
    ...more,
  };
}

/** A deletion that was sent once and ended with this outcome. */
export function finishedDeletion(
  row: number,
  outcome: Outcome,
  more: Partial<FinalOutcome> = {},
): RecordedDeletion {
  const history = { ...NEVER_SENT, attempts: 1, firstSentAt: START + 1000 };
  const final = { outcome, detail: outcome, status: 204, finishedAt: START + 1250, ...more };
  return fakeDeletion(row, { history, final });
}

export function fakeSkipped(line: number, more: Partial<SkippedEntry> = {}): SkippedEntry {
  return {
    kind: 'video',
    id: line.toString(16).padStart(10, '0'),
    mode: 'soft',
    source: 0,
    line,
    reason: '',
    ticket: '',
    why: 'held',
    detail: 'legal hold (holds.csv)',
    ...more,
  };
}

export interface FakeRun {
  readonly deletions?: readonly RecordedDeletion[];
  readonly skipped?: readonly SkippedEntry[];
  readonly end?: Partial<LifeEnd> | null;
  /** What started its last life, and why. */
  readonly life?: { readonly trigger: string; readonly reason: string };
  readonly header?: Partial<PlanHeader>;
  /** For a run file that contradicts itself. */
  readonly totals?: Partial<RunTotals>;
}

/** A run record in memory whose totals are counted from its rows, unless told otherwise. */
export function fakeRecord(run: FakeRun = {}): RunRecord {
  const deletions = run.deletions ?? [];
  const skipped = run.skipped ?? [];
  const header = fakeHeader(deletions.length, run.header);
  return {
    runId: header.runId,
    header,
    target: header.target,
    settings: header.settings,
    startedAt: START,
    lastLife: {
      startedAt: START,
      trigger: null,
      reason: null,
      ...run.life,
      end: run.end === null ? null : { ...ENDED, ...run.end },
    },
    deletions: () => deletions,
    skipped: () => skipped,
    totals: () => ({ ...countTotals(deletions, skipped), ...run.totals }),
  };
}

function countTotals(deletions: readonly RecordedDeletion[], skipped: readonly SkippedEntry[]): RunTotals {
  const counts: Record<Outcome, number> = { ...NO_OUTCOMES };
  const skips: Record<SkipReason, number> = { held: 0, deleted_before: 0, invalid: 0 };
  let requests = 0;
  let retries = 0;
  for (const { final, history } of deletions) {
    counts[final?.outcome ?? (history.mayBeApplied ? 'unknown' : 'not_attempted')] += 1;
    requests += history.attempts;
    retries += Math.max(0, history.attempts - 1);
  }
  for (const { why } of skipped) skips[why] += 1;
  const pending = deletions.filter(({ final }) => final === null).length;
  return { planned: deletions.length, pending, counts, skipped: skips, requests, retries, rateLimited: 0 };
}

function fakeHeader(planned: number, more: Partial<PlanHeader> = {}): PlanHeader {
  return {
    schemaVersion: 1,
    tool: TOOL,
    mode: 'plan',
    runId: '20260301-100000-abcdef',
    planId: 'a1'.repeat(32),
    target: { baseUrl: 'https://tavusapi.com', keyFingerprint: '0123abcd' },
    createdAt: new Date(START - 60_000).toISOString(),
    sources: [{ path: 'march.csv', format: 'csv', sha256: 'b2'.repeat(32), entries: planned }],
    planned,
    counts: [{ kind: 'video', mode: 'soft', count: planned }],
    skipped: { held: 0, deleted_before: 0, invalid: 0 },
    duplicates: 0,
    guards: { maxDeletions: 1000, maxHard: null },
    refused: [],
    holds: [],
    files: { sources: ['/home/ops/march.csv'], holds: [] },
    settings: {
      rate: { count: 5, windowMs: 1000 },
      concurrency: 4,
      attempts: 4,
      timeoutMs: 15_000,
      maxDurationMs: null,
      allowNotFound: false,
    },
    estimate: { requests: planned, durationMs: 1000 },
    warnings: [],
    planCsvSha256: 'c3'.repeat(32),
    ...more,
  };
}
