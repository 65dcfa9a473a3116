import { EXIT_CODES } from '../../errors.ts';
import type { Job } from '../../job/job.ts';
import { counted } from '../../numbers.ts';
import { worseOf, type WorkEnd } from './work-end.ts';

/** What the work of a job amounts to besides the ends of its runs. */
export interface WorkFacts {
  readonly onEmpty: Job['onEmpty'];
  /** Whether no run had anything to delete. */
  readonly isEmpty: boolean;
  /** Requests. */
  readonly sent: number;
  /** Manifests that could not be planned, and went to `rejected/` or stayed where they are. */
  readonly moved: number;
  readonly stayed: number;
  /** The command that shows what a run would do. */
  readonly planCommand: string;
}

const NOTHING: WorkEnd = { exitCode: EXIT_CODES.ok, why: 'There was nothing to delete.', next: null };

/** How the whole work of a job ended, from the ends of its runs in their order. */
export function wholeEnd(ends: readonly WorkEnd[], facts: WorkFacts): WorkEnd {
  const [first = NOTHING, ...others] = ends;
  const end = others.reduce(worseOf, first);
  if (facts.moved + facts.stayed > 0) return withRejected(ends.length === 0 ? null : end, facts);
  if (!facts.isEmpty || facts.onEmpty === 'ok' || end.exitCode !== EXIT_CODES.ok) return end;
  return {
    exitCode: EXIT_CODES.usage,
    why: 'There was nothing to delete (onEmpty: fail). Nothing was sent.',
    next: 'see why there is no manifest with something to delete',
  };
}

/** Nothing was sent: 2. Else 3, as for rows that are not fine, which they are. */
function withRejected(end: WorkEnd | null, { moved, stayed, sent, planCommand }: WorkFacts): WorkEnd {
  const rejected = [
    ...(moved > 0
      ? [`${counted(moved, 'manifest was', 'manifests were')} refused and moved to rejected/`]
      : []),
    ...(stayed > 0 ? [`${counted(stayed, 'manifest')} cannot be planned and stayed`] : []),
  ].join('; ');
  const advice =
    moved > 0
      ? 'read the reasons beside each in rejected/, and put it back when it is corrected'
      : planCommand;
  const exitCode = sent === 0 ? EXIT_CODES.usage : EXIT_CODES.partial;
  if (end === null) return { exitCode, why: `${rejected}.`, next: advice };
  return {
    exitCode: end.exitCode === EXIT_CODES.ok ? exitCode : end.exitCode,
    why: `${rejected}; besides: ${end.why}`,
    next: end.next ?? advice,
  };
}
