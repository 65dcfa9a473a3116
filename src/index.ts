/** The public library. Everything else is internal and may change in any release. */
export { EXIT_CODES, type ErrorKind, type ExitCode, PurgeError } from './errors.ts';
export * from './library.ts';
export type { PurgeEvent } from './ports.ts';
export type {
  ExecutionSettings,
  Guards,
  Kind,
  ManifestFormat,
  Mode,
  Outcome,
  PlanHeader,
  Rate,
  SkipReason,
  StopReason,
  Summary,
} from './types.ts';
