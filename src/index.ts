/** The public library. Everything else is internal and may change in any release. */
export { PurgeError, type ErrorKind, EXIT_CODES, type ExitCode } from './errors.ts';
export * from './library.ts';
