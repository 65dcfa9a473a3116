import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Approval, capProblems, isApproval, type FirstLifeFacts, type PlanFacts } from '../src/approval.ts';
import { PurgeError } from '../src/errors.ts';
import { fakeRecord } from './helpers/fake-record.ts';

const { header } = fakeRecord();
const CREATED_AT = Date.parse(header.createdAt);
const NOW = CREATED_AT + 60_000;

const AGREED: PlanFacts & FirstLifeFacts = {
  header,
  target: { baseUrl: header.target.baseUrl, keyFingerprint: header.target.keyFingerprint ?? '' },
  toolMajor: Number.parseInt(header.tool.version, 10),
  digest: header.planId,
  counts: { planned: header.planned, byKindAndMode: header.counts },
  mismatches: [],
  applied: false,
  now: NOW,
  planMaxAgeMs: 86_400_000,
  changedSources: [],
  guards: { maxDeletions: 1_000, maxHard: 100 },
  confirm: header.planId.slice(0, 8),
};

/** What approving says with these changes, and what to do next. */
function refusal(changes: Partial<PlanFacts & FirstLifeFacts>): readonly [said: string, next: string] {
  return refusalOf(() => Approval.approvePlan({ ...AGREED, ...changes }));
}

function refusalOf(approve: () => Approval): readonly [said: string, next: string] {
  try {
    approve();
  } catch (thrown) {
    if (thrown instanceof PurgeError && thrown.kind === 'refused' && thrown.next !== undefined)
      return [thrown.message, thrown.next];
    throw thrown;
  }
  return ['approved', ''];
}

const PLAN_AGAIN = 'plan again from the manifests';
const READ_PLAN = `read the plan: tavus-purge runs show ${header.runId}`;
const RAISE = 'raise the cap if this amount is meant, or plan less';
const NOT_AS_PLANNED =
  'The planned deletions in run.db are not those of the plan. The run folder was changed after it was planned.';

describe('an approval', () => {
  test('is made when every guard agrees, for exactly this plan and target', () => {
    const approval = Approval.approvePlan(AGREED);
    expect(isApproval(approval)).toBe(true);
    expect(approval).toMatchObject({
      planId: header.planId,
      origin: header.target.baseUrl,
      runId: header.runId,
      keyFingerprint: AGREED.target.keyFingerprint,
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

  test.each<[string, Partial<PlanFacts & FirstLifeFacts>, said: string, next: string]>([
    [
      'another base URL',
      { target: { ...AGREED.target, baseUrl: 'http://127.0.0.1:1' } },
      `The plan is for ${header.target.baseUrl}, not for http://127.0.0.1:1.`,
      `use --base-url ${header.target.baseUrl}, or plan again`,
    ],
    [
      'another key',
      { target: { ...AGREED.target, keyFingerprint: 'ffffffff' } },
      `The plan was made with the key ${AGREED.target.keyFingerprint}, this is the key ffffffff.`,
      'use the key the plan was made with, or plan again',
    ],
    [
      'another major version',
      { toolMajor: AGREED.toolMajor + 1 },
      `The plan was made by tavus-purge ${header.tool.version}, this is version ${AGREED.toolMajor + 1}.x.`,
      PLAN_AGAIN,
    ],
    ['another digest', { digest: 'f'.repeat(64) }, NOT_AS_PLANNED, PLAN_AGAIN],
    [
      'a header that says less than is planned',
      { counts: { ...AGREED.counts, planned: header.planned + 1 } },
      NOT_AS_PLANNED,
      PLAN_AGAIN,
    ],
    [
      'as many deletions as the header says, but of another kind or mode',
      { counts: { ...AGREED.counts, byKindAndMode: [{ kind: 'replica', mode: 'hard', count: 1 }] } },
      NOT_AS_PLANNED,
      PLAN_AGAIN,
    ],
    [
      'files that do not match',
      { mismatches: ['plan.csv and plan.json do not match.', 'Another.'] },
      'plan.csv and plan.json do not match. The run folder was changed after it was planned.',
      PLAN_AGAIN,
    ],
    [
      'a plan that was applied',
      { applied: true },
      `The plan ${header.runId} was already applied.`,
      `tavus-purge resume ${header.runId} continues it if it was interrupted; a new plan deletes again`,
    ],
    [
      'a plan that is too old by a millisecond',
      { now: CREATED_AT + AGREED.planMaxAgeMs + 1 },
      `The plan was made at ${header.createdAt} and is older than --plan-max-age allows.`,
      PLAN_AGAIN,
    ],
    [
      'a plan that is from more than five minutes in the future',
      { now: CREATED_AT - 300_001 },
      `The plan was made at ${header.createdAt}, which is in the future.`,
      "check this machine's clock",
    ],
    [
      'an age that is no number',
      { now: NaN },
      `The plan was made at ${header.createdAt} and is older than --plan-max-age allows.`,
      PLAN_AGAIN,
    ],
    [
      'a changed manifest',
      { changedSources: ['ids.csv', 'more.csv'] },
      'The manifest ids.csv has changed since it was planned; somebody may have taken an ID out.',
      PLAN_AGAIN,
    ],
    [
      'more than a cap allows',
      {
        header: { ...header, planned: 5 },
        counts: { ...AGREED.counts, planned: 5 },
        guards: { maxDeletions: 4, maxHard: null },
      },
      'The plan has 5 deletions, --max-deletions allows 4.',
      RAISE,
    ],
    [
      'more than both caps allow',
      {
        header: { ...header, ...planOf(3, 2) },
        counts: { ...AGREED.counts, planned: 5, byKindAndMode: planOf(3, 2).counts },
        guards: { maxDeletions: 4, maxHard: 1 },
      },
      'The plan has 5 deletions, --max-deletions allows 4. The plan has 2 hard deletions, --max-hard allows 1.',
      RAISE,
    ],
    [
      'no confirmation',
      { confirm: '' },
      'Deleting needs a confirmation and there is no terminal to ask on.',
      READ_PLAN,
    ],
    ...[
      header.planId.slice(0, 7),
      header.planId.slice(0, 8).toUpperCase(),
      `x${header.planId.slice(0, 8)}`,
      `${header.planId.slice(0, 8)}x`,
      `${header.planId}0`,
    ].map((confirm): [string, Partial<FirstLifeFacts>, string, string] => [
      `the confirmation ${confirm}, which has not 8 to 64 hex digits`,
      { confirm },
      "--confirm takes the first 8 or more hex digits of the plan's ID.",
      READ_PLAN,
    ]),
    ...['0'.repeat(8), header.planId.slice(1)].map(
      (confirm): [string, Partial<FirstLifeFacts>, string, string] => [
        `the confirmation of another plan, ${confirm}`,
        { confirm },
        `--confirm ${confirm} is not the plan ${header.runId}.`,
        READ_PLAN,
      ],
    ),
  ])('is refused for %s, and the refusal says so and what to do', (_, changes, said, next) => {
    expect(refusal(changes)).toEqual([`${said} Nothing was sent.`, next]);
  });

  test.each<[string, Partial<PlanFacts & FirstLifeFacts>]>([
    ['at its greatest age', { now: CREATED_AT + AGREED.planMaxAgeMs }],
    ['by a clock that is five minutes behind', { now: CREATED_AT - 300_000 }],
    ['with all digits of the plan', { confirm: header.planId }],
    [
      'at exactly the caps',
      {
        header: { ...header, ...planOf(3, 2) },
        counts: { ...AGREED.counts, planned: 5, byKindAndMode: planOf(3, 2).counts },
        guards: { maxDeletions: 5, maxHard: 2 },
      },
    ],
  ])('is given %s', (_, changes) => {
    expect(refusal(changes)).toEqual(['approved', '']);
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
    expect(refusalOf(() => Approval.approveResume({ ...AGREED, finished: true }))).toEqual([
      `The run ${header.runId} is finished; there is nothing to resume. Nothing was sent.`,
      `tavus-purge report ${header.runId} writes its results again`,
    ]);
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

  test('of 0 allow a plan that has nothing, and none allows an amount that is no number', () => {
    expect(capProblems(planOf(0, 0), { maxDeletions: 0, maxHard: 0 })).toEqual([]);
    expect(capProblems(planOf(NaN, 0), { maxDeletions: 10, maxHard: 10 })).toHaveLength(1);
  });
});
