import { EXIT_CODES, PurgeError } from '../../errors.ts';
import type { Job } from '../../job/job.ts';
import { previewJob, type JobPreview } from '../../library/preview-job.ts';
import { readJob } from '../../library/run-job.ts';
import { printableJson } from '../../printable.ts';
import type { CommandContext } from '../command-context.ts';
import { jobOptions } from '../job-options.ts';
import { renderJobPreview } from '../render-job.ts';

/** `job plan <job.yaml>`: shows what a run would do now. Throws a PurgeError with the exit code it would end with. */
export async function showJobPlan(context: CommandContext, file: string): Promise<number> {
  const { terminal, settings } = context;
  const job = await readJob(file);
  const preview = await previewJob(jobOptions(context, job));
  if (settings.values.json) terminal.print(printableJson(previewJson(job, preview), 2));
  else terminal.print(renderJobPreview(preview, terminal.paintData));
  const [refusal] = preview.refusals;
  if (refusal !== undefined) {
    throw new PurgeError('refused', `A run would be refused: ${refusal.why}.`, { next: refusal.next });
  }
  const hasWork = (preview.plan?.header.planned ?? 0) > 0 || preview.interrupted.length > 0;
  if (job.onEmpty === 'fail' && !hasWork) {
    throw new PurgeError('usage', 'There would be nothing to delete (onEmpty: fail).', {
      next: 'see why there is no manifest with something to delete',
    });
  }
  if (preview.bad.length === 0) return EXIT_CODES.ok;
  throw new PurgeError('usage', 'A run would refuse manifests and move them to rejected/.', {
    details: preview.bad.flatMap(({ reason }) => [reason.message, ...reason.details]),
    next: 'correct them before the job runs',
  });
}

function previewJson(job: Job, { plan, interrupted, bad, ...rest }: JobPreview): object {
  return {
    job: job.name,
    ...rest,
    interrupted: interrupted.map(({ runId }) => runId),
    rejected: bad.map(({ file, reason }) => ({
      manifest: file,
      problems: [reason.message, ...reason.details],
    })),
    plan: plan?.header ?? null,
  };
}
