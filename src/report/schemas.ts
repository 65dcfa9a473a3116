/**
 * The shapes of plan.json, of a line of results.ndjson and of summary.json, as published in schemas/. The program
 * writes these files from its own types, which are checked against the schemas here; it never needs them to run.
 */
import { z } from 'zod';
import { KINDS, MANIFEST_FORMATS, MODES, OUTCOMES, STOP_REASONS } from '../types.ts';
import type { Outcome, PlanHeader, ResultRow, SkipReason, Summary } from '../types.ts';

const count = z.int().min(0);
const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  .meta({ format: 'date-time', description: 'ISO 8601, UTC, milliseconds' });
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const tool = z.strictObject({ name: z.string(), version: z.string() });
const runId = z.string().min(1);
const planId = sha256.describe('SHA-256 of the planned deletions: the list that was approved');
const path = z.string().describe('as the operator named it; `-` is standard input');
const exitCode = z.literal([0, 1, 3, 5, 6, 8]);
const target = z.strictObject({
  baseUrl: z.string(),
  keyFingerprint: z
    .string()
    .regex(/^[0-9a-f]{8}$/)
    .nullable()
    .describe('first 8 hex digits of the SHA-256 of the API key; null before a key is known'),
});
const skipped = z
  .strictObject({ held: count, deleted_before: count, invalid: count } satisfies Record<
    SkipReason,
    typeof count
  >)
  .describe('entries that never became a planned deletion, by reason');
const outcomeCounts = z
  .strictObject({
    deleted: count,
    deleted_inferred: count,
    not_found: count,
    rejected: count,
    failed: count,
    unknown: count,
    held: count,
    not_attempted: count,
  } satisfies Record<Outcome, typeof count>)
  .describe('planned deletions by outcome; adds up to `planned`');
const rateLimit = z
  .strictObject({ count: z.int().min(1), windowMs: z.number().positive() })
  .describe('at most `count` requests in any window of `windowMs` milliseconds');
const settings = z.strictObject({
  rate: rateLimit,
  concurrency: z.int().min(1),
  attempts: z.int().min(1).describe('per ID; 429 answers not counted'),
  timeoutMs: z.number().positive(),
  maxDurationMs: z.number().positive().nullable(),
  allowNotFound: z.boolean(),
});

/** plan.json. */
const planSchema: z.ZodType<PlanHeader> = z
  .strictObject({
    schemaVersion: z.literal(1),
    tool,
    mode: z.literal('plan').describe('a plan: nothing was deleted'),
    runId,
    planId,
    target,
    createdAt: time,
    job: z.string().nullable().optional().describe('the job that made it; null: none'),
    sources: z.array(z.strictObject({ path, format: z.enum(MANIFEST_FORMATS), sha256, entries: count })),
    planned: count,
    counts: z.array(z.strictObject({ kind: z.enum(KINDS), mode: z.enum(MODES), count })),
    skipped,
    duplicates: count.describe('rows that repeat an earlier row; each ID is planned once'),
    guards: z
      .strictObject({ maxDeletions: count.nullable(), maxHard: count.nullable() })
      .describe('caps on the whole plan; null is unlimited'),
    refused: z.array(z.string()).describe('why a guard refuses the plan; empty when none does'),
    files: z.strictObject({ sources: z.array(z.string()), holds: z.array(z.string()) }),
    holds: z.array(
      z.strictObject({
        path,
        sha256,
        entries: count,
        expired: count.optional().describe('entries whose `until` had passed; they hold nothing any more'),
      }),
    ),
    settings,
    estimate: z.strictObject({ requests: count, durationMs: z.number().min(0) }),
    warnings: z.array(z.string()),
    planCsvSha256: sha256,
  })
  .meta({ title: 'tavus-purge plan.json', description: 'The header of a plan.' });

/** One line of results.ndjson. */
const resultsSchema: z.ZodType<ResultRow> = z
  .strictObject({
    kind: z.string().describe(`${KINDS.join(' or ')}; what the manifest said when the row is invalid`),
    id: z.string(),
    mode: z.string().describe(`${MODES.join(' or ')}; what the manifest said when the row is invalid`),
    outcome: z.enum([...OUTCOMES, 'skipped']),
    detail: z.string().describe('one line for a person'),
    httpStatus: z.int().nullable().describe('of the last answer; null when there was none'),
    attempts: count.describe('requests sent, over all lives of the run'),
    firstSentAt: time.nullable(),
    finishedAt: time.nullable().describe('null while the outcome is not final'),
    durationMs: z.number().min(0).nullable().describe('from the first request to the final outcome'),
    manifest: path,
    line: z.int().min(1),
    reason: z.string(),
    ticket: z.string(),
    runId,
  })
  .meta({
    title: 'tavus-purge results.ndjson, one line',
    description: 'What became of one planned deletion or skipped entry.',
  });

/** summary.json. */
const summarySchema: z.ZodType<Summary> = z
  .strictObject({
    schemaVersion: z.literal(1),
    tool,
    runId,
    planId,
    target,
    complete: z.boolean().describe('false: `resume` has something left to do'),
    exitCode,
    stopReason: z.enum(STOP_REASONS).nullable().describe('why the run ended before its plan was done'),
    notBefore: time.nullable().describe('do not resume before'),
    startedAt: time.describe('of the first life of the run'),
    finishedAt: time.describe('of its last life; after a kill, the last thing known to have happened'),
    planned: count,
    counts: outcomeCounts,
    skipped,
    duplicates: count,
    requests: count,
    retries: count.describe('requests after the first of an ID'),
    rateLimited: count.describe('429 answers'),
    job: z.string().nullable().describe('the job whose plan it is; null: none'),
    trigger: z
      .string()
      .nullable()
      .describe('what started the last life of the run (--trigger); null when nobody said'),
    reason: z.string().nullable().describe('why it was started (--reason); null when nobody said'),
    sources: z.array(z.strictObject({ path, sha256, entries: count })),
  })
  .meta({ title: 'tavus-purge summary.json', description: 'How a run ended.' });

/** The published JSON Schemas (draft 2020-12) by file name. */
export function jsonSchemas(): Readonly<Record<string, object>> {
  return {
    'plan.schema.json': z.toJSONSchema(planSchema),
    'results.schema.json': z.toJSONSchema(resultsSchema),
    'summary.schema.json': z.toJSONSchema(summarySchema),
  };
}
