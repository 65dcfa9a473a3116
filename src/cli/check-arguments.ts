import { PurgeError } from '../errors.ts';
import { commandNamed, COMMANDS, type CommandSpec } from './commands.ts';
import { nearest } from '../did-you-mean.ts';
import { isSecretName, shownName, shownValue } from '../key-like.ts';
import { kebabName, optionNamed, OPTION_NAMES, optionsOf, optionSpec, type OptionName } from './options.ts';
import type { GivenFlags } from './settings.ts';

/** Asked for instead of a command's work. */
const BUILT_IN = new Set(['--help', '-h', '--version']);

export interface CheckedArguments {
  /** `null`: none was given, which is fine with `--help` and `--version` only. */
  readonly command: CommandSpec | null;
  readonly wants: 'run' | 'help' | 'version';
  /** What follows the command, exactly as typed. */
  readonly words: readonly string[];
  readonly flags: GivenFlags;
}

/**
 * Judges every word of the command line before yargs reads it, which by itself lets too much through (a repeated
 * option becomes a list, a missing number `undefined`, `--no-x` and `--x.y` set something). Throws a `usage`
 * PurgeError for the first word that is not exactly right; values that may be an API key are never repeated.
 */
export function checkArguments(args: readonly string[]): CheckedArguments {
  try {
    return judge(args);
  } catch (error) {
    if (!(error instanceof PurgeError) || error.next !== undefined) throw error;
    throw new PurgeError('usage', error.message, { next: helpCommand(args), cause: error });
  }
}

/** Throws without a next step where only the help can say it. */
function judge(args: readonly string[]): CheckedArguments {
  const words: string[] = [];
  const flags = new Map<OptionName, string[]>();
  let wants: CheckedArguments['wants'] = 'run';
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (arg === '--') {
      words.push(...args.slice(at + 1));
      break;
    }
    if (BUILT_IN.has(arg)) {
      wants = arg === '--version' ? 'version' : 'help';
    } else if (arg.startsWith('-') && arg !== '-') {
      const { name, text } = splitOption(arg);
      const value = checkValue(name, text, args[at + 1]);
      flags.set(name, [...(flags.get(name) ?? []), value]);
      if (text === undefined && optionSpec(name).shape !== 'flag') at += 1;
    } else {
      words.push(arg);
    }
  }
  const command = checkCommand(words[0], wants);
  checkOptions(command, flags);
  if (command && wants === 'run') checkWords(command, words.slice(1));
  return { command, wants, words: words.slice(1), flags };
}

function splitOption(arg: string): { readonly name: OptionName; readonly text: string | undefined } {
  const at = arg.indexOf('=');
  const typed = at === -1 ? arg : arg.slice(0, at);
  const kebab = typed.replace(/^-+/, '');
  if (isSecretName(kebab)) {
    throw new PurgeError(
      'usage',
      'An API key on the command line can be read by every user of this machine.',
      {
        next: 'put the key into TAVUS_API_KEY or into a file for --api-key-file, and replace a key that was typed here',
      },
    );
  }
  const name = typed.startsWith('--') ? optionNamed(kebab) : undefined;
  if (name === undefined) throw unknownOption(typed, kebab);
  return { name, text: at === -1 ? undefined : arg.slice(at + 1) };
}

function unknownOption(typed: string, kebab: string): PurgeError {
  const near = nearest(kebab, OPTION_NAMES.map(kebabName));
  return usage(
    `${shownName(typed)} is not an option.`,
    near === undefined ? undefined : `did you mean --${near}?`,
  );
}

/** The option's value, which is attached with `=` or the next word. */
function checkValue(name: OptionName, attached: string | undefined, next: string | undefined): string {
  const spec = optionSpec(name);
  const option = `--${kebabName(name)}`;
  if (spec.shape === 'flag') {
    const value = attached ?? (next === 'true' || next === 'false' ? next : undefined);
    if (value !== undefined) throw usage(`${option} takes no value.`, `write ${option} or leave it out`);
    return 'true';
  }
  const text = attached ?? next;
  // A word that starts with a dash is the next option, so the value was forgotten; a lone "-" is judged by the parser.
  const isMissing =
    text === undefined || text === '' || (attached === undefined && text.startsWith('-') && text !== '-');
  if (isMissing) {
    throw usage(`${option} needs a value.`, `${option} ${spec.argument}: ${spec.meaning}`);
  }
  const checked = spec.check(text);
  if (!checked.ok) {
    throw usage(`${option} ${shownValue(text)} is not right: expected ${checked.expected}.`);
  }
  return text;
}

function checkCommand(word: string | undefined, wants: CheckedArguments['wants']): CommandSpec | null {
  if (word === undefined) {
    if (wants !== 'run') return null;
    throw usage('No command was given.');
  }
  const command = commandNamed(word);
  if (command) return command;
  const near = nearest(
    word,
    COMMANDS.map((each) => each.name),
  );
  throw usage(
    `${shownValue(word)} is not a command.`,
    near === undefined ? undefined : `did you mean tavus-purge ${near}?`,
  );
}

function checkOptions(command: CommandSpec | null, flags: GivenFlags): void {
  for (const [name, texts] of flags) {
    const spec = optionSpec(name);
    const option = `--${kebabName(name)}`;
    if (command && !optionsOf(command.name).includes(name)) {
      throw usage(
        `${option} is not an option of ${command.name}.`,
        `it belongs to ${spec.commands.join(', ')}; see tavus-purge ${command.name} --help`,
      );
    }
    if (texts.length > 1 && spec.shape !== 'repeated') {
      throw usage(`${option} is given ${texts.length} times.`, 'give it once');
    }
  }
}

function checkWords(command: CommandSpec, words: readonly string[]): void {
  const { least, most, what } = command.words;
  if (words.length < least) {
    throw usage(`${command.name} needs ${what}.`, `tavus-purge ${command.usage}`);
  }
  if (words.length > most) {
    const surplus = shownValue(words[most] ?? '');
    throw usage(`${command.name} does not know what to do with ${surplus}.`, `tavus-purge ${command.usage}`);
  }
  if (words.includes(''))
    throw usage(`${command.name} was given an empty word.`, `tavus-purge ${command.usage}`);
  const problem = command.words.problem?.(words);
  if (problem !== undefined) throw usage(problem, `tavus-purge ${command.usage}`);
}

/** The help of the command that was probably meant. */
function helpCommand(args: readonly string[]): string {
  const command = commandNamed(args.find((arg) => !arg.startsWith('-')) ?? '');
  return command === undefined ? 'tavus-purge --help' : `tavus-purge ${command.name} --help`;
}

function usage(message: string, next?: string): PurgeError {
  return new PurgeError('usage', message, { next });
}
