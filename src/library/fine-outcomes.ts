import type { Outcome } from '../types.ts';

/** Outcomes with which a planned deletion is done. `not_found` is one of them only where the operator says so. */
export const FINE_OUTCOMES: ReadonlySet<Outcome> = new Set(['deleted', 'deleted_inferred', 'held']);
