import type { JobRefusal } from './refusal.ts';

/** Fewer runs say too little about what is usual. */
const FEWEST_RUNS = 5;
const RUNS_COMPARED = 10;
/** A smaller median counts as this: three deletions instead of one are no growth to stop for. */
const SMALLEST_MEDIAN = 10;

/** Whether a plan is much larger than those of the job's earlier runs, in words. */
export interface GrowthVerdict {
  /** What was compared, one sentence without its full stop, whatever came out. */
  readonly said: string;
  readonly refusal: JobRefusal | null;
}

export interface GrowthQuestion {
  readonly planned: number;
  /**
   * How much earlier runs of this job had planned, newest last. Without refused ones: else a manifest that is too
   * large would become usual by being refused often enough.
   */
  readonly history: readonly number[];
  /** `limits.growth`. */
  readonly growth: number;
}

/**
 * Refuses a plan that is larger than `growth` times the median of the last ten runs that had anything to do, once there
 * are five of them. Runs with nothing to do say nothing about the size of a manifest and are not counted.
 */
export function judgeGrowth({ planned, history, growth }: GrowthQuestion): GrowthVerdict {
  const compared = history.filter((count) => count > 0).slice(-RUNS_COMPARED);
  if (compared.length < FEWEST_RUNS) {
    const said = `growth is not judged yet: ${compared.length} earlier runs had something to delete, ${FEWEST_RUNS} are needed`;
    return { said, refusal: null };
  }
  const median = medianOf(compared);
  const usual = Math.max(median, SMALLEST_MEDIAN);
  // Whole deletions; 1.1 × 30 must not be lost to the binary fraction.
  const most = Math.floor(growth * usual + 1e-6);
  const floor = median < SMALLEST_MEDIAN ? `, which counts as ${SMALLEST_MEDIAN}` : '';
  const basis = `the median of the last ${compared.length} runs that had something to delete is ${median}${floor}`;
  if (planned <= most)
    return { said: `${basis}; the plan has ${planned}, at most ${most} are usual`, refusal: null };
  const why = `the plan has ${planned} deletions, more than limits.growth allows: ${basis}, times ${growth} is ${most}`;
  return {
    said: why,
    refusal: {
      why,
      next: 'look at the plan; if it is right, carry it out by hand with tavus-purge apply, or raise limits.growth in the job file',
    },
  };
}

function medianOf(counts: readonly number[]): number {
  const sorted = counts.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  // One of an odd number, two of an even one.
  const middles = sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1);
  return middles.reduce((sum, count) => sum + count, 0) / middles.length;
}
