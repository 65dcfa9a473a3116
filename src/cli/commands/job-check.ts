import { EXIT_CODES, PurgeError } from '../../errors.ts';
import { checkJob } from '../../library/check-job.ts';
import { readJob } from '../../library/run-job.ts';
import { printableJson } from '../../printable.ts';
import type { CommandContext } from '../command-context.ts';
import { jobOptions } from '../job-options.ts';
import { renderError } from '../render-error.ts';
import { renderJobChecks } from '../render-job.ts';

/** `job check <job.yaml>`: shows whether a run would find what it needs. Throws a `usage` PurgeError when it would not. */
export async function showJobChecks(context: CommandContext, file: string): Promise<number> {
  const { terminal, settings } = context;
  const job = await readJob(file);
  const checks = await checkJob(jobOptions(context, job));
  if (settings.values.json) {
    const shown = checks.map(({ what, found, problem }) => ({
      what,
      ok: problem === null,
      found,
      next: problem?.next ?? null,
    }));
    terminal.print(printableJson({ job: job.name, checks: shown }, 2));
  } else terminal.print(renderJobChecks(checks, terminal.paintData));
  const problems = checks.map(({ problem }) => problem).filter((problem) => problem !== null);
  const last = problems.pop();
  if (last === undefined) return EXIT_CODES.ok;
  for (const problem of problems) terminal.say(renderError(problem, terminal.paintWords));
  throw new PurgeError('usage', last.message, { next: last.next, details: last.details });
}
