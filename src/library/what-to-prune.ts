import type { KeepRuns } from '../library.ts';

const DAY_MS = 24 * 60 * 60_000;

/** A plan that nobody applied yet may still be under review; it stays this long whatever is asked. */
const PLAN_STAYS_DAYS = 30;

/** A run, as far as it matters for whether its folder stays. */
export interface PruneCandidate {
  readonly runId: string;
  /** `plan`: never applied, refused or not. `unfinished`: `resume` has something left to do, or it is at work. */
  readonly state: 'finished' | 'plan' | 'unfinished';
  /** When it ended, or was planned (ms since 1970). */
  readonly at: number;
}

export interface PruneChoice<Run> {
  readonly run: Run;
  readonly goes: boolean;
  /** A phrase that fits after the run. */
  readonly why: string;
}

/**
 * Decides which runs go, in the order given. What is not finished stays. So does the newest `keep.runs` finished runs
 * with everything newer than the oldest of them (all, while there are fewer), what is younger than `keep.days` days of
 * 24 hours, and for 30 days a plan that was never applied. Without any limit nothing goes.
 */
export function whatToPrune<Run extends PruneCandidate>(
  runs: readonly Run[],
  keep: KeepRuns,
  now: number,
): readonly PruneChoice<Run>[] {
  const oldestKept = keep.runs === null ? undefined : oldestOfNewest(runs, keep.runs);
  const limits = [
    ...(keep.runs === null ? [] : [`older than the newest ${keep.runs} finished`]),
    ...(keep.days === null ? [] : [`${keep.days} days old or more`]),
  ];
  const stays = (run: Run): string | undefined => {
    if (run.state === 'unfinished') return 'not finished';
    if (!Number.isFinite(run.at)) return 'of an unknown time';
    if (limits.length === 0) return 'no limit is given';
    if (keep.runs !== null && (oldestKept === undefined || byAge(run, oldestKept) <= 0)) {
      return `among the newest ${keep.runs} finished, or newer`;
    }
    const age = now - run.at;
    if (keep.days !== null && age < keep.days * DAY_MS) return `younger than ${keep.days} days`;
    if (run.state === 'plan' && age < PLAN_STAYS_DAYS * DAY_MS) {
      return `a plan that may still be applied, younger than ${PLAN_STAYS_DAYS} days`;
    }
    return undefined;
  };
  return runs.map((run) => {
    const why = stays(run);
    return { run, goes: why === undefined, why: why ?? limits.join(' and ') };
  });
}

/** The last of the newest `count` finished runs; `undefined` while there are no more than that many, so that all stay. */
function oldestOfNewest(runs: readonly PruneCandidate[], count: number): PruneCandidate | undefined {
  const finished = runs
    .filter(({ state, at }) => state === 'finished' && Number.isFinite(at))
    .toSorted(byAge);
  return finished.length > count ? finished[count - 1] : undefined;
}

/** The newest first. */
function byAge(a: PruneCandidate, b: PruneCandidate): number {
  return b.at - a.at || (a.runId < b.runId ? 1 : a.runId > b.runId ? -1 : 0);
}
