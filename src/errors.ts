/** Every way in which a command can end badly, with its exit code (CONTRACT.md 7). */

export const EXIT_CODES = {
  ok: 0,
  bug: 1,
  usage: 2,
  partial: 3,
  refused: 4,
  interrupted: 5,
  stopped: 6,
  locked: 7,
  storage: 8,
  has_deletions: 10,
} as const;
export type ExitName = keyof typeof EXIT_CODES;
export type ExitCode = (typeof EXIT_CODES)[ExitName];

/** The kinds of error that the program throws on purpose; anything else that is thrown is a bug (exit 1). */
export type ErrorKind = 'usage' | 'refused' | 'interrupted' | 'stopped' | 'locked' | 'storage';

export interface PurgeErrorOptions {
  /** The operator's next step: a command, or what to change. One line. */
  readonly next?: string | undefined;
  /** More lines, such as the problems of a manifest. Already printable. */
  readonly details?: readonly string[] | undefined;
  readonly cause?: unknown;
}

/** An error meant for the operator: one sentence that says why, and the next step. Never holds the API key. */
export class PurgeError extends Error {
  override readonly name = 'PurgeError';
  readonly kind: ErrorKind;
  readonly exitCode: ExitCode;
  readonly next: string | undefined;
  readonly details: readonly string[];

  constructor(kind: ErrorKind, message: string, options: PurgeErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.kind = kind;
    this.exitCode = EXIT_CODES[kind];
    this.next = options.next;
    this.details = options.details ?? [];
  }
}

/** Throws again what is no PurgeError: only what was foreseen may be dealt with, and a bug never passes for it. */
export function rethrowBug(thrown: unknown): asserts thrown is PurgeError {
  if (!(thrown instanceof PurgeError)) throw thrown;
}

/** The message of anything that was thrown; never throws itself. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  return typeof thrown === 'string' ? thrown : 'unknown error';
}
