import { makePlan } from '../../src/purge.ts';
import type { EntrySource, Holds, Ledger } from '../../src/ports.ts';
import { SqlitePlanDraft } from '../../src/store/plan-draft.ts';
import type { ManifestRow, PlanHeader, SourceSummary } from '../../src/types.ts';
import type { RunDb } from './run-db.ts';
import type { Item, Scenario } from './scenario.ts';

const ORIGIN = 'https://tavusapi.com';
const RUN_ID = '20260301-100000-abcdef';
const TOOL = { name: 'tavus-purge', version: '0.0.0' };
const SOURCE: SourceSummary = { path: 'march.csv', format: 'csv', sha256: 'b2'.repeat(32), entries: 0 };
/** Rows come in pages, as from a manifest. */
const PAGE_ROWS = 7;

/** Plans the scenario's manifest with the real planner, into the run's database. */
export async function plan(scenario: Scenario, run: RunDb, now: number): Promise<PlanHeader> {
  const rows = scenario.items.flatMap(rowsOf).map((row, index) => ({ ...row, line: index + 2 }));
  const source: EntrySource = {
    // oxlint-disable-next-line require-await -- the port is asynchronous
    async *pages() {
      for (let from = 0; from < rows.length; from += PAGE_ROWS) yield rows.slice(from, from + PAGE_ROWS);
    },
    summaries: () => [{ ...SOURCE, entries: rows.length }],
  };
  const listed = (how: Item['listed']): ReadonlySet<string> =>
    new Set(scenario.items.filter((item) => item.listed === how).map(({ id }) => id));
  const held = listed('held');
  const deletedBefore = listed('deleted_before');
  const holds: Holds = {
    find: (_, id) => (held.has(id) ? { reason: 'legal', path: 'holds.csv' } : undefined),
    summaries: () => [],
    refresh: () => Promise.resolve(),
  };
  const ledger: Ledger = {
    find: (_, id) =>
      deletedBefore.has(id) ? { mode: 'hard', outcome: 'deleted', at: now, runId: 'earlier' } : undefined,
  };
  const draft = new SqlitePlanDraft(RUN_ID, ':memory:', run.db);
  const header = await makePlan({ source, holds, ledger }, draft, {
    skipInvalid: true,
    again: false,
    signal: undefined,
    tool: TOOL,
    target: { baseUrl: ORIGIN, keyFingerprint: '01234567' },
    guards: { maxDeletions: null, maxHard: null },
    settings: scenario.settings,
    now,
    warnings: [],
  });
  // What `close` does, less the file: from now on the database can roll back.
  run.db.exec('COMMIT; PRAGMA locking_mode = NORMAL; PRAGMA journal_mode = MEMORY');
  return { ...header, planCsvSha256: '', files: { sources: [], holds: [] } };
}

function rowsOf(item: Item): ManifestRow[] {
  const { kind, id, mode } = item;
  const row = { kind, id, mode, reason: 'old', ticket: 'T-1', source: 0, line: 0 } as const;
  if (item.listed === 'invalid') {
    return [{ ...row, valid: false, column: 1, value: id, problem: 'is not an ID', mode: 'purge' }];
  }
  const valid: ManifestRow = { ...row, valid: true };
  return item.listed === 'twice' ? [valid, valid] : [valid];
}
