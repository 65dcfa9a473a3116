/**
 * The gate in front of every deletion. `Approval` can be made only here, and only after every guard has agreed; the
 * client that can send a DELETE asks for one. So there is no way to delete that goes past these checks.
 */
import { PurgeError } from './errors.ts';
import type { PlanCounts } from './ports.ts';
import type { Guards, PlanHeader, Target } from './types.ts';

const minted = new WeakSet<Approval>();

/** Proof that the guards agreed to delete exactly the plan `planId` at `origin` with the key of `keyFingerprint`. */
export class Approval {
  readonly runId: string;
  readonly planId: string;
  readonly origin: string;
  readonly keyFingerprint: string;

  private constructor(runId: string, planId: string, target: BoundTarget) {
    this.runId = runId;
    this.planId = planId;
    this.origin = target.baseUrl;
    this.keyFingerprint = target.keyFingerprint;
    Object.freeze(this);
  }

  /** For this module alone; see `approvePlan` and `approveResume`. */
  static #mint(facts: PlanFacts): Approval {
    const approval = new Approval(facts.header.runId, facts.header.planId, facts.target);
    minted.add(approval);
    return approval;
  }

  /** Approves the first life of a saved plan. Throws a `refused` PurgeError that names the first guard that does not agree. */
  static approvePlan(facts: PlanFacts & FirstLifeFacts): Approval {
    refuseDoubtfulRecord(facts);
    refuseOtherTarget(facts);
    if (facts.applied) {
      refuse(
        `The plan ${facts.header.runId} was already applied.`,
        `tavus-purge resume ${facts.header.runId} continues it if it was interrupted; a new plan deletes again`,
      );
    }
    refuseStale(facts);
    const refused = capProblems(facts.header, facts.guards);
    if (refused.length > 0) refuse(refused.join(' '), 'raise the cap if this amount is meant, or plan less');
    refuseWrongConfirmation(facts);
    return Approval.#mint(facts);
  }

  /**
   * Approves another life of a run that was approved before: the plan was confirmed then, so nothing is asked now.
   * The key may be another one (the cure of a 401); the base URL may not.
   */
  static approveResume(facts: PlanFacts & { readonly finished: boolean }): Approval {
    refuseDoubtfulRecord(facts);
    if (facts.finished) {
      refuse(
        `The run ${facts.header.runId} is finished; there is nothing to resume.`,
        `tavus-purge report ${facts.header.runId} writes its results again`,
      );
    }
    refuseOtherOrigin(facts);
    return Approval.#mint(facts);
  }
}

/** Whether `value` was made by the guards, and not forged by a cast. */
export function isApproval(value: unknown): value is Approval {
  return value instanceof Approval && minted.has(value);
}

/** A target whose key is known. */
export interface BoundTarget extends Target {
  readonly keyFingerprint: string;
}

export interface PlanFacts {
  readonly header: PlanHeader;
  /** What this process would delete at. */
  readonly target: BoundTarget;
  readonly toolMajor: number;
  /** The digest, computed again from the planned deletions in run.db. */
  readonly digest: string;
  /** What the plan has, counted again in run.db. */
  readonly counts: Pick<PlanCounts, 'planned' | 'byKindAndMode'>;
  /** What in the run folder does not match, as sentences; empty when all of it does. */
  readonly mismatches: readonly string[];
}

export interface FirstLifeFacts {
  /** Whether the plan was ever started. */
  readonly applied: boolean;
  readonly now: number;
  readonly planMaxAgeMs: number;
  /** Manifests that still exist and are no longer what was planned. */
  readonly changedSources: readonly string[];
  readonly guards: Guards;
  readonly confirm: string;
}

/** The caps that a plan exceeds, as sentences. Caps fail closed: anything that is not a whole number allows nothing. */
export function capProblems(plan: Pick<PlanHeader, 'planned' | 'counts'>, guards: Guards): string[] {
  const hard = plan.counts.filter((c) => c.mode === 'hard').reduce((sum, c) => sum + c.count, 0);
  const problems: string[] = [];
  if (exceeds(plan.planned, guards.maxDeletions)) {
    problems.push(`The plan has ${plan.planned} deletions, --max-deletions allows ${guards.maxDeletions}.`);
  }
  if (exceeds(hard, guards.maxHard)) {
    problems.push(`The plan has ${hard} hard deletions, --max-hard allows ${guards.maxHard}.`);
  }
  return problems;
}

function exceeds(amount: number, cap: number | null): boolean {
  if (cap === null) return false;
  return !(Number.isSafeInteger(cap) && amount <= cap);
}

function refuseDoubtfulRecord(facts: PlanFacts): void {
  const { header } = facts;
  const again = 'plan again from the manifests';
  const isAsPlanned =
    facts.digest === header.planId &&
    facts.counts.planned === header.planned &&
    JSON.stringify(facts.counts.byKindAndMode) === JSON.stringify(header.counts);
  if (facts.mismatches.length > 0 || !isAsPlanned) {
    const what = facts.mismatches[0] ?? 'The planned deletions in run.db are not those of the plan.';
    refuse(`${what} The run folder was changed after it was planned.`, again);
  }
  if (majorOf(header.tool.version) !== facts.toolMajor) {
    refuse(
      `The plan was made by tavus-purge ${header.tool.version}, this is version ${facts.toolMajor}.x.`,
      again,
    );
  }
}

function refuseOtherOrigin({ header, target }: PlanFacts): void {
  if (header.target.baseUrl === target.baseUrl) return;
  refuse(
    `The plan is for ${header.target.baseUrl}, not for ${target.baseUrl}.`,
    `use --base-url ${header.target.baseUrl}, or plan again`,
  );
}

function refuseOtherTarget(facts: PlanFacts): void {
  refuseOtherOrigin(facts);
  const planned = facts.header.target.keyFingerprint;
  if (planned === null || planned === facts.target.keyFingerprint) return;
  refuse(
    `The plan was made with the key ${planned}, this is the key ${facts.target.keyFingerprint}.`,
    'use the key the plan was made with, or plan again',
  );
}

/** A plan from the future is as wrong as an old one; five minutes allow for two machines' clocks. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

function refuseStale(facts: FirstLifeFacts & PlanFacts): void {
  const ageMs = facts.now - Date.parse(facts.header.createdAt);
  if (!(ageMs <= facts.planMaxAgeMs)) {
    refuse(
      `The plan was made at ${facts.header.createdAt} and is older than --plan-max-age allows.`,
      'plan again from the manifests',
    );
  }
  if (ageMs < -CLOCK_TOLERANCE_MS) {
    refuse(
      `The plan was made at ${facts.header.createdAt}, which is in the future.`,
      "check this machine's clock",
    );
  }
  const [changed] = facts.changedSources;
  if (changed !== undefined) {
    refuse(
      `The manifest ${changed} has changed since it was planned; somebody may have taken an ID out.`,
      'plan again from the manifests',
    );
  }
}

/** The right digits are not said here: whoever reads the plan finds them there. */
function refuseWrongConfirmation({ confirm, header }: FirstLifeFacts & PlanFacts): void {
  const next = `read the plan: tavus-purge runs show ${header.runId}`;
  if (confirm === '') refuse('Deleting needs a confirmation and there is no terminal to ask on.', next);
  if (!/^[0-9a-f]{8,64}$/.test(confirm)) {
    refuse("--confirm takes the first 8 or more hex digits of the plan's ID.", next);
  }
  if (!header.planId.startsWith(confirm)) {
    refuse(`--confirm ${confirm} is not the plan ${header.runId}.`, next);
  }
}

function majorOf(version: string): number {
  return Number.parseInt(version, 10);
}

function refuse(message: string, next: string): never {
  throw new PurgeError('refused', `${message} Nothing was sent.`, { next });
}
