import pLimit from 'p-limit';
import type { PlanDraft, ReadApi, Resolution } from '../ports.ts';
import { printable } from '../printable.ts';
import type { PlannedDeletion } from '../types.ts';

export interface ResolveOptions {
  readonly api: ReadApi;
  readonly concurrency: number;
  readonly timeoutMs: number;
  /** Resolves when one more request may be sent; `false` when planning is interrupted. */
  readonly turn: () => Promise<boolean>;
  readonly now: () => number;
}

/** How many planned deletions were found present, gone, or could not be looked up. */
export type ResolveCounts = Record<Resolution['state'], number>;

/**
 * Looks every planned ID up and keeps what was found with the plan. It changes nothing else: a failed look-up never
 * counts as a match, and no look-up takes an ID out of the plan.
 */
export async function resolvePlanned(
  draft: Pick<PlanDraft, 'plannedPages' | 'note'>,
  options: ResolveOptions,
): Promise<ResolveCounts> {
  const counts: ResolveCounts = { present: 0, gone: 0, unknown: 0 };
  const failures: unknown[] = [];
  let isOver = false;
  const lookUp = async ({ row, kind, id }: PlannedDeletion): Promise<void> => {
    if (isOver) return;
    try {
      if (!(await options.turn())) isOver = true;
      if (isOver) return;
      const resolution = await options.api.resolve(kind, id, { timeoutMs: options.timeoutMs });
      counts[resolution.state] += 1;
      draft.note(row, remark(resolution, options.now()));
    } catch (thrown) {
      // What is under way is waited for: it uses the draft.
      isOver = true;
      failures.push(thrown);
    }
  };
  const limit = pLimit(options.concurrency);
  // A page after the other: a queue of a million would take 800 MB (PERFORMANCE.md).
  for (const page of draft.plannedPages()) {
    if (isOver) break;
    await limit.map(page, lookUp);
  }
  if (failures.length > 0) throw failures[0];
  return counts;
}

const DAY_MS = 86_400_000;

function remark(resolution: Resolution, now: number): string {
  if (resolution.state !== 'present') return `${resolution.state}: ${resolution.detail}`;
  const { name, status, createdAt } = resolution;
  const age = createdAt === null ? 'age unknown' : `${Math.floor((now - createdAt) / DAY_MS)} days old`;
  return `present: ${name === '' ? 'no name' : `"${printable(name, 80)}"`}, ${printable(status, 30)}, ${age}`;
}
