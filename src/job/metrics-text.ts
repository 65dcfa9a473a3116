import { OUTCOMES, SKIP_REASONS, type Summary } from '../types.ts';
import type { JobEnd, NotificationFailure } from './job.ts';

/** What the metrics say beyond the run itself. */
export interface MetricsHistory {
  /** When the last successful run before this one ended (ms since 1970); `null` when there was none. */
  readonly lastSuccessAt: number | null;
  /** Of this run, its start included. */
  readonly notificationFailures: readonly NotificationFailure[];
}

/** The label that names the job. Not `job`, which Prometheus sets itself and would rename ours to `exported_job`. */
export const JOB_LABEL = 'job_name';

const CHANNELS: readonly NotificationFailure['channel'][] = ['ping', 'webhook', 'command'];
const CLASSES: readonly (keyof JobEnd['requests'])[] = ['2xx', '3xx', '4xx', '5xx', 'none'];

/** A value, with one label and its value if the metric has one beside the job's name. */
type Sample = readonly [value: number, label?: string, labelValue?: string];

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly samples: (end: JobEnd, history: MetricsHistory) => readonly Sample[];
}

/** All are gauges: each run replaces the file, so nothing in it counts up. */
const METRICS: readonly Metric[] = [
  {
    name: 'last_start_timestamp_seconds',
    help: 'When the last run of the job started.',
    samples: ({ startedAt }) => [[startedAt / 1_000]],
  },
  {
    name: 'last_end_timestamp_seconds',
    help: 'When the last run of the job ended.',
    samples: ({ finishedAt }) => [[finishedAt / 1_000]],
  },
  {
    name: 'last_success_timestamp_seconds',
    help: 'When the last run that ended with exit code 0 ended; 0 when there was none.',
    samples: (end, { lastSuccessAt }) => [
      [(end.exitCode === 0 ? end.finishedAt : (lastSuccessAt ?? 0)) / 1_000],
    ],
  },
  {
    name: 'last_exit_code',
    help: 'Exit code of the last run of the job.',
    samples: ({ exitCode }) => [[exitCode]],
  },
  {
    name: 'duration_seconds',
    help: 'How long the last run of the job took.',
    samples: ({ startedAt, finishedAt }) => [[Math.max(0, finishedAt - startedAt) / 1_000]],
  },
  {
    name: 'planned_rows',
    help: 'Planned deletions of the plans that the last run carried out.',
    samples: (end) => [[sum(end, ({ planned }) => planned)]],
  },
  {
    name: 'rows',
    help: 'Planned deletions of the plans that the last run carried out, by outcome.',
    samples: (end) =>
      OUTCOMES.map((outcome) => [sum(end, ({ counts }) => counts[outcome]), 'outcome', outcome]),
  },
  {
    name: 'skipped_rows',
    help: 'Manifest entries that never became planned deletions, by reason.',
    samples: (end) => SKIP_REASONS.map((why) => [sum(end, ({ skipped }) => skipped[why]), 'reason', why]),
  },
  {
    name: 'requests',
    help: 'Delete requests of the last run, by HTTP status class; none is for those without an answer.',
    samples: ({ requests }) => CLASSES.map((status) => [requests[status], 'class', status]),
  },
  {
    name: 'retries',
    help: 'Requests after the first of an ID, over all lives of the plans that the last run carried out.',
    samples: (end) => [[sum(end, ({ retries }) => retries)]],
  },
  {
    name: 'rate_limited',
    help: 'Answers 429, over all lives of the plans that the last run carried out.',
    samples: (end) => [[sum(end, ({ rateLimited }) => rateLimited)]],
  },
  {
    name: 'paused_seconds',
    help: 'How long the last run waited because the API asked for it or did not answer.',
    samples: ({ pausedMs }) => [[pausedMs / 1_000]],
  },
  {
    name: 'backlog_manifests',
    help: 'Manifests of the job with entries that wait, or that cannot be read.',
    samples: ({ backlog }) => [[backlog.manifests]],
  },
  {
    name: 'backlog_entries',
    help: 'Entries in manifests of the job that are neither deleted nor on hold.',
    samples: ({ backlog }) => [[backlog.entries]],
  },
  {
    name: 'backlog_oldest_timestamp_seconds',
    help: 'Modification time of the oldest manifest with entries that wait; absent when none waits.',
    samples: ({ backlog }) => (backlog.oldestAt === null ? [] : [[backlog.oldestAt / 1_000]]),
  },
  {
    name: 'notification_failures',
    help: 'Notifications of the last run that could not be delivered, by channel.',
    samples: (_, { notificationFailures: failures }) =>
      CHANNELS.map((channel) => [
        failures.filter((failure) => failure.channel === channel).length,
        'channel',
        channel,
      ]),
  },
];

/**
 * What a run of a job amounted to, in the text format of Prometheus for the textfile collector of node_exporter. Every
 * metric and every label value is there in every run (but for what is absent by its HELP), in the same order. Source:
 * Prometheus exposition formats 0.0.4.
 */
export function metricsText(end: JobEnd, history: MetricsHistory): string {
  return METRICS.map(({ name, help, samples }) => {
    const metric = `tavus_purge_${name}`;
    const lines = samples(end, history).map(([value, label, labelValue]) => {
      const more = label === undefined ? '' : `,${label}="${escapeLabel(labelValue ?? '')}"`;
      return `${metric}{${JOB_LABEL}="${escapeLabel(end.job)}"${more}} ${String(value)}\n`;
    });
    return `# HELP ${metric} ${help}\n# TYPE ${metric} gauge\n${lines.join('')}`;
  }).join('');
}

/** A label value as the format wants it: backslash, quotation mark and line feed escaped. */
export function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function sum(end: JobEnd, count: (summary: Summary) => number): number {
  return end.runs.reduce((total, { summary }) => total + count(summary), 0);
}
