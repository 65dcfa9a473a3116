/**
 * The whole pipeline on one screen: entries become a plan, an approved plan is carried out. It names no adapter; see
 * `library.ts` for the ones that are used, and `ports.ts` for what they promise.
 */
import { capProblems } from './approval.ts';
import { EXIT_CODES, PurgeError } from './errors.ts';
import { exitCodeOfStop } from './exit-code.ts';
import { executePlan, type ExecuteOptions, type ExecutePorts } from './execute/execute-plan.ts';
import {
  collectEntries,
  throwIfInterrupted,
  type CollectOptions,
  type CollectSources,
} from './plan/collect-entries.ts';
import { planDigest } from './plan/digest.ts';
import { estimate, planWarnings } from './plan/describe-plan.ts';
import { resolvePlanned, type ResolveOptions } from './plan/resolve-planned.ts';
import type { LifeEnd, LifeStart, PlanDraft } from './ports.ts';
import { printable } from './printable.ts';
import type { ExecutionSettings, Guards, HoldFileSummary, PlanHeader, Target } from './types.ts';

export interface MakePlanOptions extends CollectOptions {
  readonly tool: PlanHeader['tool'];
  readonly target: Target;
  readonly guards: Guards;
  readonly settings: ExecutionSettings;
  /** The job that plans; `null` or nothing: none. */
  readonly job?: string | null;
  readonly now: number;
  /** Look every planned ID up; without it nothing is sent at all. */
  readonly resolve?: ResolveOptions | undefined;
  /** What is worth a warning so far. */
  readonly warnings: readonly string[];
}

/** Reads all entries into `draft` and decides what is deleted, in which order. Sends no DELETE: it is given nothing that can. */
export async function makePlan(
  from: CollectSources,
  draft: PlanDraft,
  options: MakePlanOptions,
): Promise<Omit<PlanHeader, 'files' | 'planCsvSha256'>> {
  const { tool, target, guards, settings } = options;
  const duplicates = await collectEntries(from, draft, options);
  const resolved = options.resolve === undefined ? null : await resolvePlanned(draft, options.resolve);
  throwIfInterrupted(options.signal);
  const { planned, byKindAndMode: counts, skipped } = draft.counts();
  const holds = from.holds.summaries();
  return {
    schemaVersion: 1,
    tool,
    mode: 'plan',
    runId: draft.runId,
    planId: planDigest(target.baseUrl, draft.plannedLines()),
    target,
    createdAt: new Date(options.now).toISOString(),
    job: options.job ?? null,
    sources: from.source.summaries(),
    planned,
    counts,
    skipped,
    duplicates,
    guards,
    refused: capProblems({ planned, counts }, guards),
    holds,
    settings,
    estimate: estimate(planned, settings.rate),
    warnings: [
      ...options.warnings,
      ...(from.source.warnings?.() ?? []),
      ...expiredHolds(holds),
      ...planWarnings(counts, resolved),
    ],
  };
}

/** A hold that has run out is easily taken for one that still holds. */
function expiredHolds(holds: readonly HoldFileSummary[]): string[] {
  return holds.flatMap(({ path, entries, expired = 0 }) =>
    expired === 0
      ? []
      : [
          `${printable(path)}: ${expired} of ${entries} holds expired and no longer hold anything (see until).`,
        ],
  );
}

export interface CarryOutOptions extends ExecuteOptions {
  readonly runId: string;
  readonly life: Omit<LifeStart, 'startedAt' | 'settings'>;
}

/**
 * Carries out what is left of an approved plan: one life of its run. Resolves with how it ended, durably recorded.
 * Rejects, with a `storage` PurgeError, only when it could not be recorded; nothing is sent after that.
 */
export async function carryOut(ports: ExecutePorts, options: CarryOutOptions): Promise<LifeEnd> {
  const { journal, clock, onEvent } = ports;
  const { runId, planned, settings, life } = options;
  await journal.startLife({ ...life, startedAt: clock.now(), settings });
  onEvent({ type: 'started', runId, planned, pending: journal.pendingCount(), settings });

  const stop = await executePlan(ports, options).catch(async (thrown: unknown) => {
    // A bug is recorded as the end of this life; where nothing can be recorded any more, neither can this.
    if (!(thrown instanceof PurgeError)) await journal.endLife(bugEnd(clock.now()));
    throw thrown;
  });

  const stopCode = stop === null ? EXIT_CODES.ok : exitCodeOfStop(stop.reason);
  // A run that was asked to stop when nothing was left to do was not interrupted.
  const wasInterrupted = stopCode !== EXIT_CODES.interrupted || journal.pendingCount() > 0;
  const end: LifeEnd = {
    exitCode: wasInterrupted ? stopCode : EXIT_CODES.ok,
    stopReason: wasInterrupted ? (stop?.reason ?? null) : null,
    stopDetail: wasInterrupted ? (stop?.detail ?? '') : '',
    notBefore: stop?.notBefore ?? null,
    endedAt: clock.now(),
  };
  await journal.endLife(end);
  return end;
}

function bugEnd(endedAt: number): LifeEnd {
  return {
    exitCode: EXIT_CODES.bug,
    stopReason: 'bug',
    stopDetail: 'tavus-purge failed; this is a bug.',
    notBefore: null,
    endedAt,
  };
}
