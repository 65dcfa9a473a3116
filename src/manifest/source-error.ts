import { PurgeError } from '../errors.ts';
import { printable } from '../printable.ts';

/** Where something stands in a file: 1-based physical line, 1-based column in characters (code points). */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface SourceErrorOptions {
  /** The wrong value, as the file says it; made printable here. */
  readonly value?: string | undefined;
  readonly next?: string | undefined;
  readonly cause?: unknown;
}

/**
 * A `usage` error about a file as a whole: `file:line:column: "value" problem`. `problem` is a phrase that fits after
 * the value, and says what was expected.
 */
export function sourceError(
  path: string,
  place: Place | undefined,
  problem: string,
  options: SourceErrorOptions = {},
): PurgeError {
  const where = place === undefined ? printable(path) : `${printable(path)}:${place.line}:${place.column}`;
  const value = options.value === undefined ? '' : `"${printable(options.value, 80)}" `;
  return new PurgeError('usage', `${where}: ${value}${problem}`, {
    next: options.next ?? 'Correct the file and run the command again; nothing was sent.',
    cause: options.cause,
  });
}
