/**
 * The shape of a job file: what its keys mean, how their texts are read, and what is said to have been expected. The
 * JSON Schema for editors and the table of the docs are made from it.
 */
import { z } from 'zod';
import { parseRate, RATE } from '../rates.ts';
import { KINDS, MODES, type Kind, type Mode, type Rate } from '../types.ts';
import {
  DAY_NAMES,
  DAY_RANGE,
  dayNumber,
  HOURS,
  JOB_NAME,
  parseArgument,
  parseDayRange,
  parseHours,
  parseJobName,
  parseMetricsPath,
  parseOutTemplate,
  parseSomeText,
  parseTimeZone,
} from './job-values.ts';
import { JOB_REPORT_FILES, type JobReportFile } from './job.ts';
import { duration, listOf, nested, path, paths, setOf, text, wholeNumber, word } from './schema-parts.ts';

const MOST_DELETIONS = 999_999_999;
const URL_SHAPE = { format: 'uri', pattern: '^https?://' };

/** A job file as it stands there, each text read; paths are still relative to the file. */
export interface JobFileShape {
  readonly name: string;
  readonly manifests: string | readonly string[];
  readonly kind?: Kind | undefined;
  readonly mode: Mode;
  readonly map?: Readonly<Record<string, string | undefined>> | undefined;
  readonly holds?: string | readonly string[] | undefined;
  readonly limits: {
    readonly deletions: number;
    readonly hardDeletions?: number | undefined;
    readonly growth: number;
  };
  readonly rate?: Rate | undefined;
  readonly concurrency?: number | undefined;
  readonly attempts?: number | undefined;
  readonly timeout?: number | undefined;
  readonly maxDuration?: number | undefined;
  readonly window?:
    | {
        readonly days?: readonly number[] | undefined;
        readonly hours: { readonly fromMinute: number; readonly untilMinute: number };
        readonly timeZone: string;
      }
    | undefined;
  readonly out?: string | undefined;
  readonly reports?: readonly JobReportFile[] | undefined;
  readonly keep?: { readonly runs?: number | undefined; readonly days?: number | undefined } | undefined;
  readonly notify?:
    | {
        readonly ping?: string | undefined;
        readonly webhook?: { readonly url: string; readonly secretFile?: string | undefined } | undefined;
        readonly command?: readonly string[] | undefined;
      }
    | undefined;
  readonly metrics?: string | undefined;
  readonly notFound: 'ok' | 'fail';
  readonly onEmpty: 'ok' | 'fail';
  readonly processed: 'move' | 'keep';
  readonly baseUrl?: string | undefined;
  readonly apiKeyFile?: string | undefined;
}

const limits = z
  .strictObject(
    {
      deletions: wholeNumber(0, MOST_DELETIONS).describe(
        'the largest plan that may be carried out; a larger one is refused, nothing is sent',
      ),
      hardDeletions: wholeNumber(0, MOST_DELETIONS)
        .optional()
        .meta({ description: 'the same for hard deletions; required with `mode: hard`', default: 0 }),
      growth: z
        .number({ error: 'a number from 1 to 1000' })
        .min(1, { error: 'a number from 1 to 1000' })
        .max(1000, { error: 'a number from 1 to 1000' })
        .default(3)
        .describe('a plan larger than this many times the median of the last ten runs is refused'),
    },
    nested('deletions: 500'),
  )
  .describe('caps of one run, the terms of the approval');

const window = z
  .strictObject(
    {
      days: z
        .union(
          [
            text(parseDayRange, { pattern: DAY_RANGE.source }),
            setOf(DAY_NAMES, 'days').transform((days) => days.map(dayNumber)),
          ],
          { error: 'a range such as mon-fri, or a list such as [mon, thu]' },
        )
        .optional()
        .describe('days on which it opens, such as `mon-fri` or `[mon, thu]`; every day when left out'),
      hours: text(parseHours, {
        description: 'such as `22:00-05:00`; over midnight it belongs to the day on which it opens',
        pattern: HOURS.source,
      }),
      timeZone: text(parseTimeZone, { description: 'IANA name, such as `Europe/Berlin`' }),
    },
    nested('hours: 22:00-05:00'),
  )
  .describe('outside it no run starts; when it closes, a run ends what is under way and stops');

const keep = z
  .strictObject(
    {
      runs: wholeNumber(1, 1_000_000).optional().describe('the newest so many stay'),
      days: wholeNumber(1, 36_500).optional().describe('those younger than so many days stay'),
    },
    nested('days: 90'),
  )
  .refine(({ runs, days }) => runs !== undefined || days !== undefined, { error: 'runs, days or both' })
  .meta({ description: 'which run folders stay; the ledger always does', minProperties: 1 });

const notify = z
  .strictObject(
    {
      ping: text(parseSomeText, {
        description: 'health-check URL: `/start` is added at the start, `/fail` at a bad end',
        ...URL_SHAPE,
      }).optional(),
      webhook: z
        .strictObject(
          {
            url: text(parseSomeText, { description: 'gets the summary as JSON', ...URL_SHAPE }),
            secretFile: path('file with the secret of the signature').optional(),
          },
          nested('url: https://…'),
        )
        .optional()
        .describe('a POST at the end'),
      command: listOf(text(parseArgument, {}), 'texts: a program and its arguments')
        .optional()
        .describe('program and arguments, without a shell; gets the summary on standard input'),
    },
    nested('ping: https://…'),
  )
  .refine((notify) => Object.values(notify).some((value) => value !== undefined), {
    error: 'ping, webhook or command',
  })
  .meta({ description: 'who is told; never changes how the run ends', minProperties: 1 });

const column = z.optional(text(parseSomeText, {}));

/** Reads the value of a job file; its messages say what was expected. */
export const jobSchema: z.ZodType<JobFileShape> = z
  .strictObject(
    {
      name: text(parseJobName, {
        description: 'the job in its lock, metrics and history; lower-case letters, digits, `-`, `_`, `.`',
        pattern: JOB_NAME.source,
      }),
      manifests: paths('files, folders or globs'),
      kind: word(KINDS).optional().describe('kind of entries that do not say it'),
      mode: word(MODES).default('soft').describe('mode of entries that do not say it; `hard` is irrevocable'),
      map: z
        .strictObject(
          { id: column, kind: column, mode: column, reason: column, ticket: column },
          nested('id: video_uuid'),
        )
        .optional()
        .describe('our columns under other names, such as `{ id: video_uuid }`'),
      holds: paths('files with IDs that are never deleted').optional(),
      limits,
      rate: text(parseRate, {
        description: 'most requests in any second or minute',
        default: '5/s',
        pattern: RATE.source,
      }).optional(),
      concurrency: wholeNumber(1, 256)
        .optional()
        .meta({ description: 'most requests at the same time', default: 4 }),
      attempts: wholeNumber(1, 100).optional().meta({ description: 'most attempts per ID', default: 4 }),
      timeout: duration('longest wait for one answer', '15s').optional(),
      maxDuration: duration('stop cleanly after this time (exit 5)').optional(),
      window: window.optional(),
      out: text(parseOutTemplate, {
        description:
          'folder for the results, with `{job}`, `{date}`, `{runId}`; the run folder when left out',
      }).optional(),
      reports: setOf(JOB_REPORT_FILES, 'result files')
        .optional()
        .describe(`which result files go to \`out\`: ${JOB_REPORT_FILES.join(', ')}; all when left out`),
      keep: keep.optional(),
      notify: notify.optional(),
      metrics: text(parseMetricsPath, {
        description: 'Prometheus textfile, written after each run',
        pattern: '\\.prom$',
      }).optional(),
      notFound: word(['ok', 'fail'])
        .default('fail')
        .describe('`ok`: IDs that the API does not know are fine'),
      onEmpty: word(['ok', 'fail']).default('ok').describe('`fail`: exit 2 when there is nothing to delete'),
      processed: word(['move', 'keep'])
        .default('keep')
        .describe(
          '`move`: a manifest that was carried out moves to `done/`, one that was refused to `rejected/`',
        ),
      baseUrl: text(parseSomeText, {
        description: 'the API; https only, http only for this machine',
        default: 'https://tavusapi.com',
      }).optional(),
      apiKeyFile: path('file with the API key, instead of TAVUS_API_KEY; never the key itself').optional(),
    },
    nested('name: nightly'),
  )
  .meta({
    title: 'tavus-purge job file',
    description: 'A standing approval for deletions. Relative paths start at the folder of the job file.',
    if: { properties: { mode: { const: 'hard' } }, required: ['mode'] },
    // oxlint-disable-next-line unicorn/no-thenable -- a key of JSON Schema
    then: { properties: { limits: { required: ['hardDeletions'] } } },
    dependentRequired: { reports: ['out'] },
  });

/** The published JSON Schema (draft 2020-12) of a job file, as an editor checks it. */
export function jobJsonSchema(): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(jobSchema, { io: 'input' });
}

/** The keys that a job file may have at this path. */
export function keysAt(path: readonly (string | number)[]): readonly string[] {
  let schema: z.core.JSONSchema.BaseSchema | undefined = jobJsonSchema();
  for (const part of path) {
    const inner: z.core.JSONSchema._JSONSchema | undefined = schema?.properties?.[part];
    schema = typeof inner === 'object' ? inner : undefined;
  }
  return Object.keys(schema?.properties ?? {});
}
