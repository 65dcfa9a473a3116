/** The one table of options; flags, environment, config file, help, `doctor` and the docs are made from it. */
import {
  DEFAULT_BASE_URL,
  DEFAULT_GUARDS,
  DEFAULT_PLAN_MAX_AGE_MS,
  DEFAULT_SETTINGS,
} from '../library/defaults.ts';
import { parseBaseUrl } from '../tavus/target.ts';
import { KINDS, MANIFEST_FORMATS, MODES, RUN_STATES, type RunState } from '../types.ts';
import { formatDuration, parseDuration } from '../durations.ts';
import { LONGEST_REASON, LONGEST_TRIGGER } from '../run-notes.ts';
import { type CommandName, flag, optional, type OptionSpec, repeated, single } from './option-spec.ts';
import { accepted, expected, type Parsed } from '../parsed.ts';
import { formatRate, parseRate } from '../rates.ts';
import {
  countBetween,
  oneOf,
  parseCap,
  parseColumnList,
  parseColumnPair,
  parseDelimiter,
  parseJobName,
  parseNote,
  parsePath,
  parseShare,
  parseSince,
  parseText,
} from './value-parsers.ts';

const PLANNING: readonly CommandName[] = ['plan', 'apply'];
const PLANNING_AND_RUNNING: readonly CommandName[] = ['plan', 'apply', 'resume'];
const PLANNING_AND_SHOWING: readonly CommandName[] = ['plan', 'apply', 'resume', 'job'];
const STARTING: readonly CommandName[] = ['apply', 'resume', 'job'];
const WITH_STATE: readonly CommandName[] = ['plan', 'apply', 'resume', 'job', 'report', 'runs', 'doctor'];
const WITH_TARGET: readonly CommandName[] = ['plan', 'apply', 'resume', 'job', 'doctor'];

const SANDBOX: readonly CommandName[] = ['sandbox'];

const HOUR_MS = 3_600_000;

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export const LOG_FORMATS = ['text', 'json'] as const;

const OPTIONS = {
  baseUrl: single({
    group: 'Target',
    commands: WITH_TARGET,
    argument: 'URL',
    fallback: DEFAULT_BASE_URL,
    env: 'TAVUS_BASE_URL',
    // Throws: it knows more to say, and what of the value may be shown.
    parse: (text) => accepted(parseBaseUrl(text)),
    meaning: 'the API; https only, http only for this machine',
  }),
  apiKeyFile: optional({
    group: 'Target',
    commands: WITH_TARGET,
    argument: 'FILE',
    isPath: true,
    parse: parsePath,
    meaning: 'file with the API key, instead of TAVUS_API_KEY; not readable by everybody (chmod 600)',
  }),
  stateDir: optional({
    group: 'Folders',
    commands: WITH_STATE,
    argument: 'DIR',
    isPath: true,
    parse: parsePath,
    meaning: 'run folders and the ledger (default: the state folder of your account)',
  }),
  out: optional({
    group: 'Folders',
    commands: ['apply', 'resume', 'report'],
    argument: 'DIR',
    isPath: true,
    parse: parsePath,
    meaning: 'where the result files go (default: the run folder)',
  }),
  config: optional({
    group: 'Folders',
    commands: WITH_STATE,
    argument: 'FILE.yaml',
    parse: parsePath,
    meaning: 'options from a file; the environment and flags win over it',
  }),
  kind: optional({
    group: 'Manifests',
    commands: [...PLANNING, 'runs'],
    argument: 'KIND',
    choices: KINDS,
    parse: oneOf(KINDS),
    meaning: 'kind of entries that do not say it; as a flag of runs find: only this kind',
  }),
  mode: single({
    group: 'Manifests',
    commands: PLANNING,
    argument: 'MODE',
    fallback: 'soft',
    choices: MODES,
    parse: oneOf(MODES),
    meaning: 'mode of entries that do not say it; hard is irrevocable',
  }),
  format: optional({
    group: 'Manifests',
    commands: PLANNING,
    argument: 'FORMAT',
    choices: MANIFEST_FORMATS,
    parse: oneOf(MANIFEST_FORMATS),
    meaning: 'format of the manifests (default: by name and content)',
  }),
  delimiter: optional({
    group: 'Manifests',
    commands: PLANNING,
    argument: 'CHAR',
    parse: parseDelimiter,
    meaning: 'between CSV columns: , ; | or tab',
  }),
  map: repeated({
    group: 'Manifests',
    commands: PLANNING,
    argument: 'OURS=THEIRS',
    parse: parseColumnPair,
    combine: columnMap,
    meaning: 'a column under another name, such as id=video_uuid; repeatable',
  }),
  ignoreColumns: optional({
    group: 'Manifests',
    commands: PLANNING,
    argument: 'A,B',
    parse: parseColumnList,
    meaning: "columns to ignore; '*' ignores every unknown one",
  }),
  skipInvalid: flag({
    group: 'Manifests',
    commands: PLANNING,
    meaning: 'list invalid rows as skipped instead of refusing the manifest',
  }),
  unsafeAnyIdShape: flag({
    group: 'Manifests',
    commands: PLANNING,
    meaning: 'accept IDs that do not look like a video or replica ID',
  }),
  errorOnEmpty: flag({
    group: 'Manifests',
    commands: PLANNING,
    meaning: 'exit 2 when there is nothing in the manifests',
  }),
  again: flag({
    group: 'Manifests',
    commands: PLANNING,
    meaning: 'plan IDs again that were already deleted by an earlier run',
  }),
  resolve: flag({
    group: 'Manifests',
    commands: PLANNING,
    meaning: 'look every ID up first (one GET each, needs the key) and show what it is',
  }),
  hold: repeated({
    group: 'Guards',
    commands: PLANNING,
    argument: 'FILE',
    isPath: true,
    addsUp: true,
    parse: parsePath,
    combine: accepted<readonly string[]>,
    meaning: 'never delete the IDs in this file; repeatable, adds to those of environment and config file',
  }),
  maxDeletions: single({
    group: 'Guards',
    commands: PLANNING,
    argument: 'N',
    fallback: String(DEFAULT_GUARDS.maxDeletions),
    parse: parseCap,
    meaning: 'cap on the whole plan, 0 allows none; or unlimited',
  }),
  maxHard: single({
    group: 'Guards',
    commands: PLANNING,
    argument: 'N',
    fallback: String(DEFAULT_GUARDS.maxHard),
    parse: parseCap,
    meaning: 'cap on hard deletions, 0 allows none; or unlimited',
  }),
  confirm: optional({
    group: 'Guards',
    commands: ['apply'],
    argument: 'HEX',
    parse: parseText,
    meaning: 'first 8 or more digits of the plan ID; needed where nobody can be asked',
  }),
  planMaxAge: single({
    group: 'Guards',
    commands: ['apply'],
    argument: 'TIME',
    fallback: `${DEFAULT_PLAN_MAX_AGE_MS / HOUR_MS}h`,
    parse: parseDuration,
    meaning: 'refuse a saved plan older than this',
  }),
  dryRun: flag({
    group: 'Guards',
    commands: ['apply', 'runs'],
    meaning: 'plan only, the same as the command plan; for runs prune: show what would go',
  }),
  rate: single({
    group: 'Pace',
    commands: PLANNING_AND_RUNNING,
    argument: 'N/s|N/m',
    fallback: formatRate(DEFAULT_SETTINGS.rate),
    parse: parseRate,
    meaning: 'most requests in any second or minute',
  }),
  concurrency: single({
    group: 'Pace',
    commands: PLANNING_AND_RUNNING,
    argument: 'N',
    fallback: String(DEFAULT_SETTINGS.concurrency),
    parse: countBetween(1, 256),
    meaning: 'most requests at the same time',
  }),
  attempts: single({
    group: 'Pace',
    commands: PLANNING,
    argument: 'N',
    fallback: String(DEFAULT_SETTINGS.attempts),
    parse: countBetween(1, 100),
    meaning: 'most attempts per ID',
  }),
  timeout: single({
    group: 'Pace',
    commands: PLANNING_AND_RUNNING,
    argument: 'TIME',
    fallback: formatDuration(DEFAULT_SETTINGS.timeoutMs),
    parse: parseDuration,
    meaning: 'longest wait for one answer',
  }),
  maxDuration: optional({
    group: 'Pace',
    commands: PLANNING_AND_RUNNING,
    argument: 'TIME',
    parse: parseDuration,
    meaning: 'stop cleanly after this time (exit 5)',
  }),
  allowNotFound: flag({
    group: 'Pace',
    commands: PLANNING,
    meaning: 'IDs that the API does not know are fine',
  }),
  trigger: optional({
    group: 'History',
    commands: STARTING,
    argument: 'WORD',
    parse: parseNote(LONGEST_TRIGGER),
    meaning: 'what starts this run, such as cron; kept in the summary',
  }),
  reason: optional({
    group: 'History',
    commands: STARTING,
    argument: 'TEXT',
    parse: parseNote(LONGEST_REASON),
    meaning: 'why it is started; kept in the summary',
  }),
  job: optional({
    group: 'History',
    commands: ['runs'],
    argument: 'NAME',
    parse: parseJobName,
    meaning: 'only runs of this job (runs list, runs prune)',
  }),
  state: repeated({
    group: 'History',
    commands: ['runs'],
    argument: 'STATE',
    choices: RUN_STATES,
    parse: oneOf(RUN_STATES),
    combine: accepted<readonly RunState[]>,
    meaning: 'only runs in this state (runs list); repeatable',
  }),
  since: optional({
    group: 'History',
    commands: ['runs'],
    argument: 'TIME',
    parse: parseSince,
    meaning: 'only runs planned or at work since then (runs list): 7d, 2026-11-01, 2026-11-01T18:00Z',
  }),
  keepRuns: optional({
    group: 'History',
    commands: ['runs'],
    argument: 'N',
    parse: countBetween(1, 999_999),
    meaning: 'the newest N finished runs stay, and what is newer (runs prune)',
  }),
  keepDays: optional({
    group: 'History',
    commands: ['runs'],
    argument: 'N',
    parse: countBetween(1, 36_500),
    meaning: 'all younger than N days stay (runs prune)',
  }),
  detailedExitcode: flag({
    group: 'Output',
    commands: ['plan'],
    meaning: 'exit 10 when something would be deleted',
  }),
  json: flag({
    group: 'Output',
    commands: WITH_STATE,
    meaning: 'print JSON on stdout',
  }),
  quiet: flag({
    group: 'Output',
    commands: ['plan', 'apply', 'resume', 'job', 'report'],
    meaning:
      'print only warnings and errors (and JSON with --json); of a job: nothing but one line on trouble',
  }),
  noProgress: flag({
    group: 'Output',
    commands: STARTING,
    meaning: 'no progress line',
  }),
  logLevel: single({
    group: 'Output',
    commands: PLANNING_AND_SHOWING,
    argument: 'LEVEL',
    fallback: 'info',
    choices: LOG_LEVELS,
    parse: oneOf(LOG_LEVELS),
    meaning: 'what is logged',
  }),
  logFormat: optional({
    group: 'Output',
    commands: PLANNING_AND_SHOWING,
    argument: 'FORMAT',
    choices: LOG_FORMATS,
    parse: oneOf(LOG_FORMATS),
    meaning: 'logs on stderr (default: text on a terminal, else json)',
  }),
  port: single({
    group: 'Sandbox',
    commands: SANDBOX,
    argument: 'N',
    fallback: '8484',
    parse: countBetween(0, 65_535),
    meaning: 'port on this machine; 0 takes a free one',
  }),
  videos: single({
    group: 'Sandbox',
    commands: SANDBOX,
    argument: 'N',
    fallback: '25',
    parse: countBetween(0, 5_000_000),
    meaning: 'how many videos there are',
  }),
  replicas: single({
    group: 'Sandbox',
    commands: SANDBOX,
    argument: 'N',
    fallback: '6',
    parse: countBetween(0, 5_000_000),
    meaning: 'how many replicas there are',
  }),
  acceptAnyId: flag({
    group: 'Sandbox',
    commands: SANDBOX,
    meaning: 'every well-formed ID exists until it is deleted',
  }),
  seed: single({
    group: 'Sandbox',
    commands: SANDBOX,
    argument: 'N',
    fallback: '1',
    parse: countBetween(0, 999_999_999),
    meaning: 'decides the IDs and all chance',
  }),
  latency: optional({
    group: 'Sandbox',
    commands: SANDBOX,
    argument: 'TIME',
    parse: parseDuration,
    meaning: 'every answer comes this much later',
  }),
  errorRate: optional({
    group: 'Sandbox',
    commands: SANDBOX,
    argument: 'SHARE',
    parse: parseShare,
    meaning: 'share of requests that meet a server error, such as 0.1',
  }),
  throttleRate: optional({
    group: 'Sandbox',
    commands: SANDBOX,
    argument: 'SHARE',
    parse: parseShare,
    meaning: 'share of requests that are told to slow down (429)',
  }),
  lostAnswerRate: optional({
    group: 'Sandbox',
    commands: SANDBOX,
    argument: 'SHARE',
    parse: parseShare,
    meaning: 'share of deletions that happen without an answer',
  }),
} as const;

export type OptionName = keyof typeof OPTIONS;
export const OPTION_NAMES: readonly OptionName[] = Object.keys(OPTIONS).filter(isOptionName);

/** What the commands get: one parsed value for each option. */
export type Values = {
  readonly [Name in OptionName]: (typeof OPTIONS)[Name] extends OptionSpec<infer Value> ? Value : never;
};

/** The row of one option, without the type of its value. */
export function optionSpec(name: OptionName): OptionSpec<unknown> {
  return OPTIONS[name];
}

/** `maxDeletions` → `max-deletions`, as in flags and config files. */
export function kebabName(name: OptionName): string {
  return name.replaceAll(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`);
}

/** `TAVUS_PURGE_MAX_DELETIONS`; two options have names of their own. */
export function environmentName(name: OptionName): string {
  return optionSpec(name).env ?? `TAVUS_PURGE_${kebabName(name).replaceAll('-', '_').toUpperCase()}`;
}

/** The option of this kebab-case name. */
export function optionNamed(kebab: string): OptionName | undefined {
  return OPTION_NAMES.find((name) => kebabName(name) === kebab);
}

export function optionsOf(command: CommandName): readonly OptionName[] {
  return OPTION_NAMES.filter((name) => optionSpec(name).commands.includes(command));
}

function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name);
}

function columnMap(pairs: readonly (readonly [string, string])[]): Parsed<Readonly<Record<string, string>>> {
  const ours = pairs.map(([column]) => column);
  if (new Set(ours).size < ours.length) return expected('each of our columns once');
  return accepted(Object.fromEntries(pairs));
}
