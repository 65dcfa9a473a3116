import { dirname, resolve } from 'node:path';
import { openYaml, refuseFile, type SettingsFile } from '../settings-file.ts';
import type { ExecutionSettings } from '../types.ts';
import { pathText, schemaFlaws } from './job-problems.ts';
import { ruleFlaws, type JobChecks } from './job-rules.ts';
import { jobSchema, keysAt, type JobFileShape } from './job-schema.ts';
import { JOB_REPORT_FILES, type Job, type JobNotify } from './job.ts';
import { PlainValue } from './plain-value.ts';

const EVERY_DAY: readonly number[] = [1, 2, 3, 4, 5, 6, 7];

/** A path of the job file, made absolute. */
type Place = (path: string) => string;

/**
 * The job that a job file describes; relative paths start at its folder. Throws a `usage` PurgeError that lists every
 * problem with `job.yaml:line:column`; anything that may be an API key is refused and never repeated.
 */
export async function readJobFile(path: string, checks: JobChecks): Promise<Job> {
  const settingsFile: SettingsFile = {
    path,
    what: 'job file',
    whenUnreadable: 'check the path, and that the file is UTF-8 text',
    whenWrong: 'correct it; docs/jobs.md has every key',
  };
  const opened = await openYaml(settingsFile, { uniqueKeys: false });
  const file = new PlainValue(opened);
  const checked = jobSchema.safeParse(file.value);
  const shapeFlaws = checked.success ? [] : schemaFlaws(checked.error.issues, file, keysAt);
  const flaws = [...file.flaws, ...shapeFlaws, ...ruleFlaws(file, dirname(resolve(path)), checks)];
  if (!checked.success || flaws.length > 0) {
    const sorted = flaws.toSorted((one, other) => one.offset - other.offset);
    const problems = sorted.map(({ offset, path, problem }) => {
      const key = pathText(path);
      return `${opened.placeAt(offset)} ${key === '' ? '' : `${key}: `}${problem}`;
    });
    refuseFile(settingsFile, problems);
  }
  return jobOf(checked.data, resolve(path), checks);
}

function jobOf(shape: JobFileShape, file: string, { parseBaseUrl }: JobChecks): Job {
  const place: Place = (path) => resolve(dirname(file), path);
  const placed = (path: string | undefined): string | null => (path === undefined ? null : place(path));
  const { window, keep } = shape;
  return {
    name: shape.name,
    file,
    manifests: listed(shape.manifests).map(place),
    kind: shape.kind ?? null,
    mode: shape.mode,
    map: columnsOf(shape.map ?? {}),
    holds: listed(shape.holds ?? []).map(place),
    limits: { ...shape.limits, hardDeletions: shape.limits.hardDeletions ?? 0 },
    settings: settingsOf(shape),
    window:
      window === undefined
        ? null
        : { days: window.days?.toSorted() ?? EVERY_DAY, ...window.hours, timeZone: window.timeZone },
    out: placed(shape.out),
    reports: shape.reports ?? JOB_REPORT_FILES,
    keep: keep === undefined ? null : { runs: keep.runs ?? null, days: keep.days ?? null },
    notify: notifyOf(shape.notify ?? {}, place),
    metrics: placed(shape.metrics),
    onEmpty: shape.onEmpty,
    processed: shape.processed,
    baseUrl: shape.baseUrl === undefined ? null : parseBaseUrl(shape.baseUrl),
    apiKeyFile: placed(shape.apiKeyFile),
  };
}

/** Only what the file says: the rest is left to the program's defaults. */
function settingsOf(shape: JobFileShape): Partial<ExecutionSettings> {
  const { rate, concurrency, attempts, timeout, maxDuration } = shape;
  return {
    ...(rate === undefined ? {} : { rate }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(attempts === undefined ? {} : { attempts }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
    ...(maxDuration === undefined ? {} : { maxDurationMs: maxDuration }),
    allowNotFound: shape.notFound === 'ok',
  };
}

function notifyOf(notify: NonNullable<JobFileShape['notify']>, place: Place): JobNotify {
  const { ping, webhook, command } = notify;
  const [program = '', ...args] = command ?? [];
  const secretFile = webhook?.secretFile;
  return {
    ping: ping ?? null,
    webhook:
      webhook === undefined
        ? null
        : { url: webhook.url, secretFile: secretFile === undefined ? null : place(secretFile) },
    // A name without a slash is looked up in PATH.
    command: command === undefined ? null : [program.includes('/') ? place(program) : program, ...args],
  };
}

function listed(texts: string | readonly string[]): readonly string[] {
  return typeof texts === 'string' ? [texts] : texts;
}

function columnsOf(map: NonNullable<JobFileShape['map']>): Job['map'] {
  const columns: Record<string, string> = {};
  for (const [ours, theirs] of Object.entries(map)) if (theirs !== undefined) columns[ours] = theirs;
  return columns;
}
