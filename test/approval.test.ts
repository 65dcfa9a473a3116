import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Approval, capProblems, isApproval, type FirstLifeFacts, type PlanFacts } from '../src/approval.ts';
import { PurgeError } from '../src/errors.ts';
import { fakeRecord } from './helpers/fake-record.ts';

const { header } = fakeRecord();
const NOW = Date.parse(header.createdAt) + 60_000;

const AGREED: PlanFacts & FirstLifeFacts = {
  header,
  target: { baseUrl: header.target.baseUrl, keyFingerprint: header.target.keyFingerprint ?? '' },
  toolMajor: Number.parseInt(header.tool.version, 10),
  digest: header.planId,
  counts: { planned: header.planned, byKindAndMode: header.counts, skipped: header.skipped },
  mismatches: [],
  applied: false,
  now: NOW,
  planMaxAgeMs: 86_400_000,
  changedSources: [],
  guards: { maxDeletions: 1_000, maxHard: 100 },
  confirm: header.planId.slice(0, 8),
};

function refusal(changes: Partial<PlanFacts & FirstLifeFacts>): string {
  try {
    Approval.approvePlan({ ...AGREED, ...changes });
  } catch (thrown) {
    if (thrown instanceof PurgeError && thrown.kind === 'refused' && thrown.next !== undefined)
      return thrown.message;
    throw thrown;
  }
  return 'approved';
}

describe('an approval', () => {
  test('is made when every guard agrees, for exactly this plan and target', () => {
    const approval = Approval.approvePlan(AGREED);
    expect(isApproval(approval)).toBe(true);
    expect(approval).toMatchObject({
      planId: header.planId,
      origin: header.target.baseUrl,
      runId: header.runId,
    });
    expect(Object.isFrozen(approval)).toBe(true);
  });

  test('cannot be forged by a cast or a copy', () => {
    const approval = Approval.approvePlan(AGREED);
    expect(isApproval(Object.assign({}, approval))).toBe(false);
    expect(isApproval(Object.create(Approval.prototype))).toBe(false);
    expect(isApproval(structuredClone(approval))).toBe(false);
    // What TypeScript calls private is not, once the types are gone.
    expect(isApproval(Reflect.construct(Approval, ['run', 'plan', AGREED.target]))).toBe(false);
  });

  test.each<[string, Partial<PlanFacts & FirstLifeFacts>, RegExp]>([
    [
      'another base URL',
      { target: { ...AGREED.target, baseUrl: 'http://127.0.0.1:1' } },
      /is for https:\/\/tavusapi.com/,
    ],
    ['another key', { target: { ...AGREED.target, keyFingerprint: 'ffffffff' } }, /was made with the key/],
    ['another major version', { toolMajor: AGREED.toolMajor + 1 }, /was made by tavus-purge/],
    ['another digest', { digest: 'f'.repeat(64) }, /are not those of the plan/],
    [
      'a header that says less than is planned',
      { counts: { ...AGREED.counts, planned: header.planned + 1 } },
      /are not those of the plan/,
    ],
    [
      'files that do not match',
      { mismatches: ['plan.csv and plan.json do not match.'] },
      /plan.csv and plan.json/,
    ],
    ['a plan that was applied', { applied: true }, /was already applied/],
    ['a plan that is too old', { now: NOW + 86_400_000 }, /is older than/],
    ['a plan from the future', { now: NOW - 3_600_000 }, /in the future/],
    ['an age that is no number', { now: NaN }, /is older than/],
    ['a changed manifest', { changedSources: ['ids.csv'] }, /ids.csv has changed/],
    [
      'more than a cap allows',
      {
        header: { ...header, planned: 5 },
        counts: { ...AGREED.counts, planned: 5 },
        guards: { maxDeletions: 4, maxHard: 0 },
      },
      /has 5 deletions, --max-deletions allows 4/,
    ],
    ['no confirmation', { confirm: '' }, /needs a confirmation/],
    ['a short confirmation', { confirm: header.planId.slice(0, 7) }, /first 8 or more/],
    ['the confirmation of another plan', { confirm: '0'.repeat(8) }, /is not the plan/],
    ['a confirmation in capitals', { confirm: header.planId.slice(0, 8).toUpperCase() }, /first 8 or more/],
  ])('is refused for %s, and the refusal says so', (_, changes, message) => {
    expect(refusal(changes)).toMatch(message);
    expect(refusal(changes)).toContain('Nothing was sent.');
  });

  test.each(['', 'abc', '0'.repeat(8)])(
    'is refused for the confirmation %j without naming the right one: the plan is to be read first',
    (confirm) => {
      expect(() => Approval.approvePlan({ ...AGREED, confirm })).toThrow(
        expect.objectContaining({
          message: expect.not.stringContaining(header.planId.slice(0, 8)),
          next: `read the plan: tavus-purge runs show ${header.runId}`,
        }),
      );
    },
  );

  test('of a plan made without a key binds it to the key that applies it', () => {
    const unbound = { ...header, target: { ...header.target, keyFingerprint: null } };
    expect(Approval.approvePlan({ ...AGREED, header: unbound }).keyFingerprint).toBe(
      AGREED.target.keyFingerprint,
    );
  });

  test('to resume asks for no confirmation and takes another key, but no other origin and no finished run', () => {
    const target = { ...AGREED.target, keyFingerprint: 'ffffffff' };
    expect(isApproval(Approval.approveResume({ ...AGREED, target, finished: false }))).toBe(true);
    expect(() => Approval.approveResume({ ...AGREED, finished: true })).toThrow(/is finished/);
    const elsewhere = { ...target, baseUrl: 'http://127.0.0.1:1' };
    expect(() => Approval.approveResume({ ...AGREED, target: elsewhere, finished: false })).toThrow(/is for/);
    expect(() => Approval.approveResume({ ...AGREED, digest: '', finished: false })).toThrow(
      /not those of the plan/,
    );
  });
});

function planOf(soft: number, hard: number): Parameters<typeof capProblems>[0] {
  return {
    planned: soft + hard,
    counts: [
      { kind: 'video', mode: 'soft', count: soft },
      { kind: 'replica', mode: 'hard', count: hard },
    ],
  };
}

describe('caps', () => {
  test('refuse exactly what is above them; 0 allows none; only `null` is unlimited', () => {
    fc.assert(
      fc.property(
        fc.nat(2_000),
        fc.nat(2_000),
        fc.nat(3_000),
        fc.nat(3_000),
        (soft, hard, maxDeletions, maxHard) => {
          const refused = capProblems(planOf(soft, hard), { maxDeletions, maxHard }).length > 0;
          expect(refused).toBe(soft + hard > maxDeletions || hard > maxHard);
          expect(capProblems(planOf(soft, hard), { maxDeletions: null, maxHard: null })).toEqual([]);
        },
      ),
    );
  });

  test.each([NaN, Infinity, -1, 1.5])('that are %s allow nothing', (cap) => {
    expect(capProblems(planOf(1, 0), { maxDeletions: cap, maxHard: null })).toHaveLength(1);
    expect(capProblems(planOf(0, 1), { maxDeletions: null, maxHard: cap })).toHaveLength(1);
  });
});
