/** The public library. Everything else is internal and may change in any release. */
export { EXIT_CODES, type ErrorKind, type ExitCode, PurgeError } from './errors.ts';
export type { Job, JobBacklog, JobEnd, NotificationFailure } from './job/job.ts';
export type { JobRefusal } from './job/refusal.ts';
export * from './library.ts';
export { checkJob, type JobCheck } from './library/check-job.ts';
export type { BadManifest } from './library/job/job-manifests.ts';
export type { JobOptions, JobResult, JobWatcher, RunJobOptions } from './library/job/job-options.ts';
export { previewJob, type JobPreview } from './library/preview-job.ts';
export { readJob, runJob } from './library/run-job.ts';
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
