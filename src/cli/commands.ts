/** What each command is called, takes and is good for: the material of the help texts. */
import { isSafeId } from '../ids.ts';
import { shownValue } from '../key-like.ts';
import type { CommandName } from './option-spec.ts';

export interface CommandSpec {
  readonly name: CommandName;
  /** After `tavus-purge `. */
  readonly usage: string;
  readonly summary: string;
  readonly words: {
    readonly least: number;
    readonly most: number;
    readonly what: string;
    /** What is wrong with these words, as a sentence. */
    readonly problem?: (words: readonly string[]) => string | undefined;
  };
  readonly examples: readonly (readonly [command: string, meaning: string])[];
}

/** The first word after `job`. */
export const JOB_ACTIONS = ['run', 'plan', 'check'] as const;

const NO_WORDS = { least: 0, most: 0, what: 'nothing' } as const;

export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'plan',
    usage: 'plan <manifest..> [options]',
    summary: 'read, check, save and show a plan; never sends a DELETE',
    words: {
      least: 1,
      most: Infinity,
      what: 'at least one manifest: a file, a folder, a glob, or - with --format',
    },
    examples: [
      ['tavus-purge plan old-videos.csv', 'show what would be deleted, and the command that does it'],
      ['tavus-purge plan ids.txt --format csv --kind video', 'a list without kinds'],
      [
        'tavus-purge plan a.csv b.json --hold keep.csv',
        'several manifests, one plan, some IDs never deleted',
      ],
      ['tavus-purge plan old.csv --detailed-exitcode', 'for scripts: 10 when something would be deleted'],
    ],
  },
  {
    name: 'apply',
    usage: 'apply <what..> [options]',
    summary: 'carry out a saved plan (run ID or run folder), or plan manifests and carry that out',
    words: { least: 1, most: Infinity, what: 'a saved plan (run ID or run folder) or at least one manifest' },
    examples: [
      ['tavus-purge apply <run> --confirm 3f9a01c2', 'carry out exactly the reviewed plan'],
      ['tavus-purge apply old-videos.csv', 'plan, show, ask for a typed phrase, delete'],
      ['tavus-purge apply old-videos.csv --dry-run', 'the same as tavus-purge plan'],
      ['tavus-purge apply <run> --confirm 3f9a01c2 --rate 60/m --max-duration 2h', 'slowly, for two hours'],
    ],
  },
  {
    name: 'resume',
    usage: 'resume [run] [options]',
    summary: 'continue an interrupted run (default: the newest one of this target)',
    words: { least: 0, most: 1, what: 'at most one run' },
    examples: [
      ['tavus-purge resume', 'continue the newest interrupted run'],
      ['tavus-purge resume <run> --rate 2/s', 'continue this one, more slowly'],
    ],
  },
  {
    name: 'job',
    usage: 'job run|plan|check <job.yaml> [options]',
    summary: 'scheduled work: run a job file, preview what it would do now, or check what it needs',
    words: { least: 2, most: 2, what: 'run, plan or check, and a job file', problem: jobProblem },
    examples: [
      ['tavus-purge job check nightly.yaml', 'before it is scheduled: sends nothing'],
      ['tavus-purge job plan nightly.yaml', 'what it would delete now; 4 when it would be refused'],
      ['tavus-purge job run nightly.yaml --trigger cron --quiet', 'for cron: one line, and only on trouble'],
      ["tavus-purge job run nightly.yaml --trigger manual --reason 'OPS-7'", 'by hand, with the reason kept'],
    ],
  },
  {
    name: 'report',
    usage: 'report <run> [options]',
    summary: 'write the result files of a run again',
    words: { least: 1, most: 1, what: 'a run: its ID or its folder' },
    examples: [
      [
        'tavus-purge report <run> --out results/',
        'results.csv, results.ndjson and summary.json into a folder',
      ],
      ['tavus-purge report <run> --json', 'and print summary.json'],
    ],
  },
  {
    name: 'runs',
    usage: 'runs [list | show <run> | find <id> | prune] [options]',
    summary: 'what ran, when, with what result; which run knew an ID; remove old run folders',
    words: {
      least: 0,
      most: 2,
      what: 'list, show and a run, find and an ID, or prune',
      problem: runsProblem,
    },
    examples: [
      ['tavus-purge runs', 'all runs, the newest first'],
      ['tavus-purge runs show <run>', 'one run in full'],
      ['tavus-purge runs list --job nightly --since 7d --json', 'a week of one job, for scripts'],
      ['tavus-purge runs list --state interrupted --state stopped', 'what waits for somebody'],
      ['tavus-purge runs find 8a4f94e736', 'every run that ever planned or deleted this ID'],
      ['tavus-purge runs prune --keep-runs 100 --keep-days 365 --dry-run', 'which old run folders would go'],
    ],
  },
  {
    name: 'doctor',
    usage: 'doctor [options]',
    summary: 'check key, target, clock, folders and effective settings; sends one GET, never a DELETE',
    words: NO_WORDS,
    examples: [
      ['tavus-purge doctor', 'before the first purge, and when something is odd'],
      ['tavus-purge doctor --config purge.yaml', 'which setting comes from where'],
    ],
  },
  {
    name: 'sandbox',
    usage: 'sandbox [options]',
    summary: 'a local fake Tavus API to try everything on',
    words: NO_WORDS,
    examples: [
      ['tavus-purge sandbox', 'start it, and print how to use it'],
      ['tavus-purge sandbox --error-rate 0.1 --lost-answer-rate 0.02', 'with trouble'],
    ],
  },
  {
    name: 'completion',
    usage: 'completion',
    summary: 'print a completion script for your shell (bash, zsh, fish)',
    words: NO_WORDS,
    examples: [['tavus-purge completion >> ~/.bashrc', 'complete commands and options with Tab']],
  },
];

export function commandNamed(name: string): CommandSpec | undefined {
  return COMMANDS.find((command) => command.name === name);
}

function jobProblem([action = '']: readonly string[]): string | undefined {
  if (JOB_ACTIONS.some((known) => known === action)) return undefined;
  return 'job knows run, plan and check only, and then takes a job file.';
}

function runsProblem([action, word]: readonly string[]): string | undefined {
  if (action === undefined) return undefined;
  if (action === 'list' || action === 'prune') {
    return word === undefined ? undefined : `runs ${action} takes no run.`;
  }
  if (action === 'show')
    return word === undefined ? 'runs show needs a run: its ID or its folder.' : undefined;
  if (action !== 'find') return 'runs knows list, show, find and prune only.';
  if (word === undefined) return 'runs find needs the ID of a video or replica.';
  return isSafeId(word)
    ? undefined
    : `${shownValue(word)} is not an ID: expected 4 to 64 of A-Z a-z 0-9 _ -.`;
}
