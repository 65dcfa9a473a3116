import { describe, expect, test } from 'vitest';
import { settleOutcome } from '../../src/execute/settle-outcome.ts';
import { OUTCOMES, type Applied, type Outcome, type Verdict } from '../../src/types.ts';

function verdict(outcome: Outcome, applied: Applied): Verdict {
  return {
    applied,
    next: 'final',
    outcome,
    effect: { type: 'none' },
    status: 400,
    detail: 'as the API said',
    retryAfterMs: null,
  };
}

const AFTER_A_MAYBE: Readonly<Record<Outcome, Outcome>> = {
  deleted: 'deleted',
  deleted_inferred: 'deleted_inferred',
  not_found: 'deleted_inferred',
  rejected: 'unknown',
  failed: 'unknown',
  unknown: 'unknown',
  held: 'unknown',
  not_attempted: 'unknown',
};

describe.each(['yes', 'no', 'maybe'] as const)('a row whose last attempt was applied: %s', (applied) => {
  test.each(OUTCOMES)('ends as its last answer says when no earlier request was left open: %s', (outcome) => {
    expect(settleOutcome(verdict(outcome, applied), false)).toBe(outcome);
  });

  test.each(OUTCOMES.map((outcome) => [outcome, AFTER_A_MAYBE[outcome]] as const))(
    'ends, when an earlier request may have deleted it and the last answer says %s, as %s',
    (outcome, settled) => {
      expect(settleOutcome(verdict(outcome, applied), true)).toBe(settled);
    },
  );
});
