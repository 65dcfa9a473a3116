import { EXIT_CODES, type ExitCode } from '../../errors.ts';
import { worstExitCode } from '../../exit-code.ts';
import type { Job } from '../../job/job.ts';
import type { RunEnd } from '../../library.ts';
import { counted } from '../../numbers.ts';
import type { Summary } from '../../types.ts';
import { fineOutcomes, notFineSentence } from '../not-fine.ts';
import { nextAfterStop } from '../stop-advice.ts';
import { outFolder } from './publish-run.ts';

/** How the work of a job ended, in words. */
export interface WorkEnd {
  readonly exitCode: ExitCode;
  readonly why: string;
  readonly next: string | null;
}

/** What the end of a run is told with. */
export interface RunWords {
  readonly job: Job;
  /** The command that starts the job again. */
  readonly again: string;
  /** What is over when the time of the job is, a phrase; `null`: it has all the time. */
  readonly over: string | null;
  readonly allowNotFound: boolean;
}

/** How one run of a job ended. */
export function endOfRun({ summary, error, files }: RunEnd, words: RunWords): WorkEnd {
  const { planned, complete, stopReason, counts } = summary;
  const exitCode = worstExitCode(summary.exitCode);
  if (exitCode === EXIT_CODES.ok) return { exitCode, why: fineSentence(summary), next: null };
  const why = error ?? notFineSentence(summary, fineOutcomes(words));
  if (complete) {
    const results = resultsCsv(words.job, summary, files.resultsCsv);
    return { exitCode, why, next: `read ${results}; the next run tries again what is still in a manifest` };
  }
  const next = nextAfterStop(stopReason, words.again);
  if (stopReason !== 'max_duration' || words.over === null) return { exitCode, why, next };
  const left = counts.not_attempted + counts.unknown;
  const of = counted(planned, 'planned deletion');
  return { exitCode, why: `${words.over}; ${left} of ${of} are left for the next run.`, next };
}

/** The worse of two; its sentence, or both where they are alike. */
export function worseOf(one: WorkEnd, other: WorkEnd): WorkEnd {
  const worst = worstExitCode(one.exitCode, other.exitCode);
  if (one.exitCode === other.exitCode) {
    return { exitCode: worst, why: `${one.why} Then: ${other.why}`, next: other.next ?? one.next };
  }
  return one.exitCode === worst ? one : other;
}

function resultsCsv(job: Job, summary: Summary, inRunFolder: string): string {
  const out = outFolder(job, summary);
  return out !== null && job.reports.includes('results.csv') ? `${out}/results.csv` : inRunFolder;
}

function fineSentence({ planned, counts, skipped }: Summary): string {
  const left = Object.values(skipped).reduce((sum, count) => sum + count, 0);
  const others = left === 0 ? '' : `, ${counted(left, 'entry', 'entries')} skipped`;
  if (planned === 0) return `There was nothing to delete${others}.`;
  const deleted = counts.deleted + counts.deleted_inferred;
  const more = deleted === planned ? '' : ` of ${planned}`;
  return `${deleted}${more} deleted${others}.`;
}
