import { accepted, type Parsed, type Parser } from '../parsed.ts';
import { parseFlag } from './value-parsers.ts';

const COMMAND_NAMES = [
  'plan',
  'apply',
  'resume',
  'job',
  'report',
  'runs',
  'doctor',
  'sandbox',
  'completion',
] as const;
export type CommandName = (typeof COMMAND_NAMES)[number];

const OPTION_GROUPS = [
  'Target',
  'Folders',
  'Manifests',
  'Guards',
  'Pace',
  'History',
  'Output',
  'Sandbox',
] as const;

interface Description {
  readonly group: (typeof OPTION_GROUPS)[number];
  readonly commands: readonly CommandName[];
  readonly meaning: string;
}

/**
 * Everything there is to know about one option: help, strict parsing, environment, config file and `doctor` are made
 * from it. `Value` is what a command gets.
 */
export interface OptionSpec<Value> extends Description {
  readonly shape: 'flag' | 'single' | 'repeated';
  /** What stands after the option in help, such as `N`; empty for a flag. */
  readonly argument: string;
  /** As it would be typed; `null`: none. */
  readonly fallback: string | null;
  /** Another name than `TAVUS_PURGE_<OPTION>`. */
  readonly env: string | null;
  /** A relative path in a config file starts at the config file's folder. */
  readonly isPath: boolean;
  /** Values from flags, environment and config file are added up instead of replacing each other. */
  readonly addsUp: boolean;
  readonly choices: readonly string[] | null;
  /** Judges one text. */
  readonly check: Parser<unknown>;
  /** The value for these texts, each of which passed `check`. */
  readonly read: (texts: readonly string[]) => Parsed<Value>;
}

interface Details<Item> extends Description {
  readonly argument: string;
  readonly parse: Parser<Item>;
  readonly env?: string;
  readonly isPath?: boolean;
  readonly choices?: readonly string[];
}

const PLAIN = { env: null, isPath: false, addsUp: false, choices: null } as const;

/** On or off; off unless it is given. */
export function flag(description: Description): OptionSpec<boolean> {
  return {
    ...PLAIN,
    ...description,
    shape: 'flag',
    argument: '',
    fallback: 'false',
    check: parseFlag,
    read: ([text]) => parseFlag(text ?? 'false'),
  };
}

/** One value, with a default. */
export function single<Item>(details: Details<Item> & { readonly fallback: string }): OptionSpec<Item> {
  const { parse, fallback, ...rest } = details;
  return {
    ...PLAIN,
    ...rest,
    fallback,
    shape: 'single',
    check: parse,
    read: ([text]) => parse(text ?? fallback),
  };
}

/** One value or none. */
export function optional<Item>(details: Details<Item>): OptionSpec<Item | undefined> {
  const { parse, ...rest } = details;
  return {
    ...PLAIN,
    ...rest,
    fallback: null,
    shape: 'single',
    check: parse,
    read: ([text]) => (text === undefined ? accepted(undefined) : parse(text)),
  };
}

/** Any number of values, in the order given. */
export function repeated<Item, Value>(
  details: Details<Item> & {
    readonly addsUp?: boolean;
    readonly combine: (items: readonly Item[]) => Parsed<Value>;
  },
): OptionSpec<Value> {
  const { parse, combine, ...rest } = details;
  return {
    ...PLAIN,
    ...rest,
    fallback: null,
    shape: 'repeated',
    check: parse,
    read(texts) {
      const items: Item[] = [];
      for (const text of texts) {
        const item = parse(text);
        if (!item.ok) return item;
        items.push(item.value);
      }
      return combine(items);
    },
  };
}
