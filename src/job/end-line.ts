import { printable } from '../printable.ts';
import type { JobEnd } from './job.ts';

const LONGEST_WHY = 500;
/** Long enough for a command with several paths: half a command is worse than none. */
const LONGEST_NEXT = 2_000;

/**
 * How a run of a job ended, as the one line that cron mails: `<job> <exit name>: <why>; next: <command>`. Always one
 * line, and printable.
 */
export function endLine(end: Pick<JobEnd, 'job' | 'exitName' | 'why' | 'next'>): string {
  const head = `${oneLine(end.job, 100)} ${end.exitName}: `;
  if (end.next === null) return head + oneLine(end.why, LONGEST_WHY);
  const why = oneLine(end.why, LONGEST_WHY).replace(/\.$/, '');
  return `${head}${why}; next: ${oneLine(end.next, LONGEST_NEXT)}`;
}

/** White space of every kind becomes one space, so that nothing of a sentence with a line break is lost or looks odd. */
function oneLine(text: string, limit: number): string {
  return printable(text.trim().replaceAll(/\s+/gu, ' '), limit);
}
