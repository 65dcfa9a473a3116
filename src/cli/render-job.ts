import type { JobCheck } from '../library/check-job.ts';
import type { JobPreview } from '../library/preview-job.ts';
import { counted } from '../numbers.ts';
import { printable } from '../printable.ts';
import { renderPlan } from './render-plan.ts';
import { renderFacts } from './table.ts';
import type { Paint } from './terminal.ts';

/** What a run of a job would do now, for a person. */
export function renderJobPreview(preview: JobPreview, paint: Paint): string {
  const { isAtWork, interrupted, plan, bad, growth, refusals } = preview;
  return [
    ...(isAtWork ? ['The job is at work at this moment; another run would end at once (exit 7).'] : []),
    ...interrupted.map(({ runId, summary }) => {
      const left = (summary?.counts.not_attempted ?? 0) + (summary?.counts.unknown ?? 0);
      return `first: the interrupted run ${runId} is finished as it was planned (${counted(left, 'row')} left)`;
    }),
    ...bad.map(
      ({ file, reason }) =>
        `${paint('yellow', 'rejected:')} ${printable(file, 500)}: ${printable(reason.message, 1000)}`,
    ),
    // Its limits stand in the job file, and are said in those words below.
    plan === null
      ? 'There is no manifest to plan.'
      : renderPlan({ ...plan, header: { ...plan.header, refused: [] } }, paint),
    ...(growth === null ? [] : [`${growth.charAt(0).toUpperCase()}${growth.slice(1)}.`]),
    ...refusals.map(({ why }) => `${paint('red', 'refused:')} ${printable(why, 1000)}`),
    '',
    'Nothing was deleted, and this plan was not saved: a run plans anew.',
  ].join('\n');
}

/** What a run of a job needs, and whether it is there. */
export function renderJobChecks(checks: readonly JobCheck[], paint: Paint): string {
  return renderFacts(
    checks.map(({ what, found, problem }) => {
      const verdict = problem === null ? paint('green', 'ok') : paint('red', 'wrong');
      return [what, `${verdict}  ${printable(found, 1000)}`] as const;
    }),
  );
}
