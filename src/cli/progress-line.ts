import { OUTCOMES, type Outcome } from '../types.ts';
import { formatDuration } from '../durations.ts';
import { FINE_OUTCOMES } from '../library/fine-outcomes.ts';
import { formatCount, inWords } from '../numbers.ts';

/** What is known of a run under way, to be drawn or logged. */
export interface ProgressFacts {
  readonly planned: number;
  /** In all lives of the run. */
  readonly done: number;
  /** What earlier lives of the run did. */
  readonly earlier: number;
  /** What this life did. */
  readonly counts: ReadonlyMap<Outcome, number>;
  /** `null` until there is something to measure. */
  readonly perSecond: number | null;
  readonly pausedMs: number;
  readonly etaMs: number | null;
}

/** What is left out first where the line is too long; what has no number here stays. */
const LEAVE_OUT = { rate: 1, fine: 2, share: 3, eta: 4, earlier: 5, notFine: 6, paused: 7 } as const;

/**
 * `412/1,240  33 %  deleted 400  not found 12  4.9/s  paused 12s  ETA 2m 50s`, in `columns` at most: what does not fit
 * is left out as a whole, the least important first. How far the run is stays.
 */
export function progressLine(facts: ProgressFacts, columns: number = Infinity): string {
  const share = facts.planned === 0 ? 100 : Math.floor((100 * facts.done) / facts.planned);
  const counts = OUTCOMES.flatMap((outcome) => {
    const count = facts.counts.get(outcome) ?? 0;
    const order = FINE_OUTCOMES.has(outcome) ? LEAVE_OUT.fine : LEAVE_OUT.notFine;
    return count === 0 ? [] : [{ order, text: `${inWords(outcome)} ${formatCount(count)}` }];
  });
  const { earlier, perSecond, pausedMs, etaMs } = facts;
  let parts: { readonly order: number; readonly text: string }[] = [
    { order: Infinity, text: `${formatCount(facts.done)}/${formatCount(facts.planned)}` },
    { order: LEAVE_OUT.share, text: `${share} %` },
    ...(earlier > 0 ? [{ order: LEAVE_OUT.earlier, text: `earlier ${formatCount(earlier)}` }] : []),
    ...counts,
    ...(perSecond === null ? [] : [{ order: LEAVE_OUT.rate, text: `${perSecond.toFixed(1)}/s` }]),
    ...(pausedMs > 0 ? [{ order: LEAVE_OUT.paused, text: `paused ${inSeconds(pausedMs)}` }] : []),
    ...(etaMs === null ? [] : [{ order: LEAVE_OUT.eta, text: `ETA ${inSeconds(etaMs)}` }]),
  ];
  for (;;) {
    const line = parts.map(({ text }) => text).join('  ');
    if (line.length <= columns || parts.length === 1) return line;
    const least = parts.reduce((found, part) => (part.order < found.order ? part : found));
    parts = parts.filter((part) => part !== least);
  }
}

/** Whole seconds, at least one: less is gone before it is read. */
function inSeconds(ms: number): string {
  return formatDuration(Math.max(1000, Math.ceil(ms / 1000) * 1000));
}
