import type { JobEnd } from '../../src/job/job.ts';
import type { Summary } from '../../src/types.ts';

/** A summary with everything that a test does not care about filled in. */
export function summaryOf(changes: Partial<Summary> = {}): Summary {
  return {
    schemaVersion: 1,
    tool: { name: 'tavus-purge', version: '0.1.0' },
    runId: '20261122-020001-8ee2df',
    planId: 'ab'.repeat(32),
    target: { baseUrl: 'https://tavusapi.com', keyFingerprint: '3f9a01c2' },
    complete: true,
    exitCode: 0,
    stopReason: null,
    notBefore: null,
    startedAt: '2026-11-22T02:00:01.000Z',
    finishedAt: '2026-11-22T02:04:00.000Z',
    planned: 0,
    counts: {
      deleted: 0,
      deleted_inferred: 0,
      not_found: 0,
      rejected: 0,
      failed: 0,
      unknown: 0,
      held: 0,
      not_attempted: 0,
    },
    skipped: { held: 0, deleted_before: 0, invalid: 0 },
    duplicates: 0,
    requests: 0,
    retries: 0,
    rateLimited: 0,
    sources: [],
    job: 'nightly',
    trigger: 'cron',
    reason: null,
    ...changes,
  };
}

/** The end of a successful run of the job `nightly` that carried nothing out, with changes. */
export function jobEnd(changes: Partial<JobEnd> = {}): JobEnd {
  return {
    job: 'nightly',
    trigger: 'cron',
    reason: '',
    startedAt: Date.parse('2026-11-22T02:00:00.250Z'),
    finishedAt: Date.parse('2026-11-22T02:04:00.750Z'),
    exitCode: 0,
    exitName: 'ok',
    why: 'Everything was deleted.',
    next: null,
    runs: [],
    backlog: { manifests: 0, entries: 0, oldestAt: null },
    pausedMs: 0,
    requests: { '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, none: 0 },
    ...changes,
  };
}

/** A run that was stopped by the server after it had continued another one: something of everything. */
export function troubledEnd(): JobEnd {
  const { counts } = summaryOf();
  return jobEnd({
    exitCode: 6,
    exitName: 'stopped',
    why: 'The API refused the key (401).',
    next: 'tavus-purge resume 20261122-020001-8ee2df',
    reason: 'monthly retention',
    runs: [
      {
        continued: true,
        folder: '/var/lib/tavus-purge/runs/20261121-020001-0c11aa',
        summary: summaryOf({
          runId: '20261121-020001-0c11aa',
          planned: 40,
          counts: { ...counts, deleted: 37, deleted_inferred: 2, unknown: 1 },
          skipped: { held: 1, deleted_before: 0, invalid: 0 },
          requests: 45,
          retries: 5,
          rateLimited: 2,
        }),
      },
      {
        continued: false,
        folder: '/var/lib/tavus-purge/runs/20261122-020001-8ee2df',
        summary: summaryOf({
          complete: false,
          exitCode: 6,
          stopReason: 'unauthorized',
          planned: 60,
          counts: { ...counts, deleted: 3, not_attempted: 57 },
          skipped: { held: 2, deleted_before: 4, invalid: 0 },
          requests: 4,
          retries: 0,
        }),
      },
    ],
    backlog: { manifests: 2, entries: 57, oldestAt: Date.parse('2026-11-20T09:00:00Z') },
    pausedMs: 12_500,
    requests: { '2xx': 5, '3xx': 0, '4xx': 3, '5xx': 1, none: 1 },
  });
}
