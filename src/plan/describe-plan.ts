import type { KindModeCount, PlanHeader, Rate } from '../types.ts';
import type { ResolveCounts } from './resolve-planned.ts';

/** What carrying a plan out takes at least: one request an ID, at the chosen rate. */
export function estimate(planned: number, rate: Rate): PlanHeader['estimate'] {
  return { requests: planned, durationMs: Math.ceil((planned * rate.windowMs) / rate.count) };
}

/** What a reviewer of a plan should know, as sentences. */
export function planWarnings(counts: readonly KindModeCount[], resolved: ResolveCounts | null): string[] {
  const warnings: string[] = [];
  const hard = sum(counts.filter(({ mode }) => mode === 'hard'));
  if (hard > 0) warnings.push(`${countOf(hard, 'deletion')} cannot be undone: hard is irrevocable.`);
  if (counts.some(({ kind, mode }) => kind === 'replica' && mode === 'hard')) {
    warnings.push(
      'A hard-deleted replica takes its training footage with it, but not its videos and conversations.',
    );
  }
  if (resolved !== null && resolved.gone > 0) {
    warnings.push(`The API does not know ${countOf(resolved.gone, 'planned ID')} (see plan.csv).`);
  }
  if (resolved !== null && resolved.unknown > 0) {
    warnings.push(`${countOf(resolved.unknown, 'planned ID')} could not be looked up (see plan.csv).`);
  }
  return warnings;
}

function sum(counts: readonly KindModeCount[]): number {
  return counts.reduce((total, { count }) => total + count, 0);
}

function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
