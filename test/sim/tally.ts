import { OUTCOMES, SKIP_REASONS, STOP_REASONS } from '../../src/types.ts';
import { RETRY_AFTERS } from './retry-afters.ts';
import { DEATHS, PASSING_FAULTS, STOPPING_FAULTS } from './scenario.ts';
import type { SeedResult } from './simulate.ts';

/** What many seeds showed, added up. Plain, so that it can be sent between threads. */
export interface Tally {
  seeds: number;
  requests: number;
  lives: number;
  rows: number;
  virtualMs: number;
  /** How often each thing happened that gives the seeds their worth, by `<class> <name>`. */
  readonly counts: Record<string, number>;
  /** The first broken promise of each seed that broke one. */
  readonly failures: { readonly seed: number; readonly violation: string }[];
}

/** How often each thing must happen in 10,000 seeds for them to mean anything (RELIABILITY.md, D12). */
const FLOORS: Readonly<Record<string, number>> = {
  fault: 100,
  outcome: 500,
  stop: 100,
  exit: 500,
  death: 100,
  skipped: 500,
};
/** Intents are taken back too rarely for more; test/sim/tally.test.ts kills processes there on purpose. */
const RARE: Readonly<Record<string, number>> = { 'death withdraw': 5 };
const PER_SEEDS = 10_000;

const paused = (fault: string): string[] => RETRY_AFTERS.map(({ name }) => `${fault} ${name}`);
/** A 503 has the same shapes as a 429; all of them together are enough. */
const faultClass = (fault: string): string =>
  fault.startsWith('503_retry_after') ? '503_retry_after' : fault;

/** Everything that has to happen. A run cannot stop for a `bug`, and one whose disk failed cannot record that. */
const EXPECTED: readonly string[] = [
  ...['none', '401', ...STOPPING_FAULTS, ...paused('429')].map((name) => `fault ${name}`),
  ...PASSING_FAULTS.filter((name) => name !== '429').map((name) => `fault ${name}`),
  ...OUTCOMES.map((name) => `outcome ${name}`),
  ...SKIP_REASONS.map((name) => `skipped ${name}`),
  ...STOP_REASONS.filter((name) => name !== 'storage' && name !== 'bug').map((name) => `stop ${name}`),
  ...[0, 3, 5, 6, 8].map((code) => `exit ${code}`),
  ...DEATHS.map((name) => `death ${name}`),
];

export function emptyTally(): Tally {
  return { seeds: 0, requests: 0, lives: 0, rows: 0, virtualMs: 0, counts: {}, failures: [] };
}

/** Adds what one seed showed. */
export function addSeed(tally: Tally, result: SeedResult): void {
  const count = (name: string, by = 1): void => {
    tally.counts[name] = (tally.counts[name] ?? 0) + by;
  };
  tally.seeds += 1;
  tally.requests += result.requests;
  tally.lives += result.lives.length;
  tally.rows += result.rows.length;
  tally.virtualMs += result.virtualMs;
  for (const [fault, times] of result.faultsSeen) count(`fault ${faultClass(fault)}`, times);
  // Only what a life left to the next one is `not_attempted`; the last report has no such row.
  for (const { outcome } of result.rows) count(`outcome ${outcome}`);
  for (const { exitCode, counts } of result.summaries) {
    count(`exit ${exitCode}`);
    count('outcome not_attempted', counts.not_attempted);
  }
  for (const [reason, entries] of Object.entries(result.summaries.at(-1)?.skipped ?? {}))
    count(`skipped ${reason}`, entries);
  for (const life of result.lives) {
    if (life.storageFailedAt !== null && life.killedBy === null) count('exit 8');
    if (life.killedBy !== null) count(`death ${life.killedBy}`);
    const reason = life.end?.stopReason ?? null;
    if (reason !== null) count(`stop ${reason}`);
  }
  const [violation] = result.violations;
  if (violation !== undefined) tally.failures.push({ seed: result.seed, violation });
}

export function addTally(tally: Tally, other: Tally): void {
  tally.seeds += other.seeds;
  tally.requests += other.requests;
  tally.lives += other.lives;
  tally.rows += other.rows;
  tally.virtualMs += other.virtualMs;
  for (const [name, times] of Object.entries(other.counts))
    tally.counts[name] = (tally.counts[name] ?? 0) + times;
  tally.failures.push(...other.failures);
}

/** What did not happen often enough for the seeds to mean anything, one sentence each. */
export function asleep(tally: Tally): string[] {
  return EXPECTED.flatMap((name) => {
    const floor = floorOf(name, tally.seeds);
    const times = tally.counts[name] ?? 0;
    return times < floor
      ? [`asleep: "${name}" happened ${times} times in ${tally.seeds} seeds, ${floor} are needed`]
      : [];
  });
}

/** Chance alone may leave something below its share, by much in few seeds: two standard deviations are no sleep. */
function floorOf(name: string, seeds: number): number {
  const rare = RARE[name];
  const share = ((rare ?? FLOORS[name.split(' ')[0] ?? ''] ?? 1) * seeds) / PER_SEEDS;
  return Math.max(rare === undefined ? 1 : 0, Math.floor(share - 2 * Math.sqrt(share)));
}
