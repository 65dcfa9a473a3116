import { PurgeError } from '../errors.ts';
import { isJobName, isNote, JOB_NAME_RULE, LONGEST_REASON, LONGEST_TRIGGER, noteRule } from '../run-notes.ts';
import { scrubberFor } from '../scrub.ts';

/** What started one life of a run, as it is recorded. */
export interface RunNotes {
  readonly trigger: string | null;
  readonly reason: string | null;
}

/** The notes of `options`, scrubbed of the key. Throws a `usage` PurgeError for a text that is too long or not printable. */
export function runNotes(
  options: { readonly trigger?: string; readonly reason?: string },
  apiKey: string,
): RunNotes {
  const scrub = scrubberFor(apiKey);
  const note = (name: 'trigger' | 'reason', most: number): string | null => {
    const text = options[name];
    if (text === undefined) return null;
    if (isNote(text, most)) return scrub(text);
    throw new PurgeError('usage', `The ${name} of a run must be ${noteRule(most)}.`, {
      next: 'shorten it, or leave it out',
    });
  };
  return { trigger: note('trigger', LONGEST_TRIGGER), reason: note('reason', LONGEST_REASON) };
}

/** The name of a job, if one is given. Throws a `usage` PurgeError for one that no job can have. */
export function jobNamed(name: string | undefined): string | null {
  if (name === undefined) return null;
  if (isJobName(name)) return name;
  throw new PurgeError('usage', `This is no name of a job: expected ${JOB_NAME_RULE}.`, {
    next: 'correct the name',
  });
}
