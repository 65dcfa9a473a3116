import { EXIT_CODES, messageOf, PurgeError, type ExitCode } from '../../errors.ts';
import type { WorkEnd } from './work-end.ts';

/** What a job had done before it was ended by an error. */
export interface WorkBefore {
  /** How what was interrupted ended, once it was finished. */
  readonly continued: WorkEnd | null;
  /** Requests. */
  readonly sent: number;
}

/** Codes that promise that nothing was sent (CONTRACT.md 7). */
const NOTHING_SENT: ReadonlySet<ExitCode> = new Set([
  EXIT_CODES.usage,
  EXIT_CODES.refused,
  EXIT_CODES.locked,
]);

/** How a job ended that was ended by an error: with what it had done before, and never by a code that denies it. */
export function endOfError(error: unknown, { continued, sent }: WorkBefore): WorkEnd {
  const end = endOf(error);
  const exitCode = sent > 0 && NOTHING_SENT.has(end.exitCode) ? EXIT_CODES.partial : end.exitCode;
  if (continued === null) return { ...end, exitCode };
  return { ...end, exitCode, why: `What was interrupted was finished: ${continued.why} Then: ${end.why}` };
}

function endOf(error: unknown): WorkEnd {
  if (error instanceof PurgeError) {
    return { exitCode: error.exitCode, why: error.message, next: error.next ?? null };
  }
  const why = `This is a bug in tavus-purge: ${messageOf(error)}`;
  return {
    exitCode: EXIT_CODES.bug,
    why,
    next: 'tavus-purge runs list shows what was done so far; report it',
  };
}
