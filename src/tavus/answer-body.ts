import { printable } from '../printable.ts';
import type { Scrub } from '../scrub.ts';

/** An answer's body as far as it matters: empty, JSON, or something that the API does not send. */
export type AnswerBody =
  | { readonly shape: 'empty'; readonly value?: undefined }
  | { readonly shape: 'json'; readonly value: unknown }
  | { readonly shape: 'other'; readonly value?: undefined; readonly text: string };

const DETAIL_LIMIT = 300;

/** Reads a body by what it is, whatever its content type says: a portal can say JSON, and the API has no documented one for success. */
export function readBody(text: string): AnswerBody {
  const trimmed = text.trim();
  if (trimmed === '') return { shape: 'empty' };
  try {
    return { shape: 'json', value: JSON.parse(trimmed) as unknown };
  } catch {
    return { shape: 'other', text: trimmed };
  }
}

/** The fields of a body that is a JSON object. */
export function fieldsOf(body: AnswerBody): Readonly<Record<string, unknown>> | undefined {
  return isRecord(body.value) ? body.value : undefined;
}

/** Whether a JSON body reports an error. `error: null` counts: only a documented success is one. */
export function reportsError(body: AnswerBody): boolean {
  const fields = fieldsOf(body);
  return fields !== undefined && Object.hasOwn(fields, 'error');
}

/** Whether a JSON body says in `error` or `message` what went wrong, as every documented error does. */
export function namesError(body: AnswerBody): boolean {
  return errorTexts(body).length > 0;
}

/** Whether `error` or `message` says that the API does not know the ID (seeds: 400 `Invalid video_id`, `Invalid replica_id`). */
export function namesUnknownId(body: AnswerBody): boolean {
  return errorTexts(body).some((text) => /\binvalid (?:video|replica)_id\b/i.test(text));
}

/** The API's own words: `error`, else `message`, else the whole body; not scrubbed and not cut yet. */
export function words(body: AnswerBody): string {
  if (body.shape === 'empty') return '';
  if (body.shape === 'other') return body.text;
  return errorTexts(body)[0] ?? jsonText(body.value);
}

/** One line for a person: free of the key (taken out before the text is cut), printable, 300 characters at most. */
export function detailOf(text: string, scrub: Scrub): string {
  return printable(scrub(text), DETAIL_LIMIT);
}

function errorTexts(body: AnswerBody): string[] {
  const fields = fieldsOf(body);
  if (fields === undefined) return [];
  return ['error', 'message']
    .filter((name) => Object.hasOwn(fields, name))
    .map((name) => fields[name])
    .filter((found) => found !== null && found !== '')
    .map((found) => (typeof found === 'string' ? found : jsonText(found)));
}

function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return 'JSON that is nested too deeply to show';
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
