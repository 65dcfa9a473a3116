import type { Outcome, Verdict } from '../types.ts';

/**
 * A row's outcome, from the verdict on its last attempt and whether an earlier request of ours, in this life of the run
 * or a killed one, may have deleted the ID (CONTRACT.md 5, the honesty rule). An answer that only proves that its own
 * attempt did nothing never clears an earlier "maybe".
 */
export function settleOutcome(verdict: Verdict, earlierMaybe: boolean): Outcome {
  const { outcome } = verdict;
  if (!earlierMaybe || outcome === 'deleted' || outcome === 'deleted_inferred') return outcome;
  return outcome === 'not_found' ? 'deleted_inferred' : 'unknown';
}
