const FEWEST_RETRIES = 10;
const SHARE_OF_PLAN = 0.1;

/** What keeps an outage from multiplying the requests of a run: retries are taken from it, one each, and never given back. */
export interface RetryBudget {
  /** Takes one retry; false when none is left. */
  take(): boolean;
}

export interface RetryBudgetOptions {
  /** Planned deletions of the whole run. */
  readonly planned: number;
  /** Retries that earlier lives of the run took. */
  readonly alreadyCharged: number;
}

/** The retry budget of one life of a run: max(10, 10 % of the plan) over all its lives (CONTRACT.md 6). */
export function createRetryBudget(options: RetryBudgetOptions): RetryBudget {
  const whole = Math.max(FEWEST_RETRIES, Math.floor(options.planned * SHARE_OF_PLAN));
  let left = Math.max(0, whole - options.alreadyCharged);
  return {
    take() {
      // `> 0` is false for NaN too: a budget that cannot be computed allows nothing.
      if (!(left > 0)) return false;
      left -= 1;
      return true;
    },
  };
}
