/** The short texts that an operator adds to a run: the job it belongs to, what started it, and why. */
import { printable } from './printable.ts';

/** Names a folder, a metric and a lock: nothing that needs quoting anywhere, and no `.` or `-` at the start. */
const JOB_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** Most characters of `--trigger`. */
export const LONGEST_TRIGGER = 64;
/** Most characters of `--reason`. */
export const LONGEST_REASON = 300;

/** What a job may be called, as a phrase that fits after "expected". */
export const JOB_NAME_RULE = '1 to 64 of a-z 0-9 . _ -, the first a letter or digit';

export function isJobName(text: string): boolean {
  return JOB_NAME.test(text);
}

/** Whether a text of one line, which shows as what it is, fits into `most` characters. */
export function isNote(text: string, most: number): boolean {
  return text.trim() !== '' && text.length <= most && printable(text, most) === text;
}

/** What such a text may be, as a phrase that fits after "expected". */
export function noteRule(most: number): string {
  return `1 to ${most} printable characters on one line`;
}
