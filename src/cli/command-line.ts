import yargs, { type Argv, type Options } from 'yargs';
import { PurgeError } from '../errors.ts';
import { checkArguments } from './check-arguments.ts';
import { COMMANDS, type CommandSpec } from './commands.ts';
import { exitCodeLines } from './exit-code-lines.ts';
import { kebabName, optionsOf, optionSpec, type OptionName } from './options.ts';
import type { GivenFlags } from './settings.ts';

/** What the operator typed, judged and understood. */
export type CommandLine =
  | { readonly wants: 'help'; readonly text: string }
  | { readonly wants: 'version' }
  | {
      readonly wants: 'run';
      readonly command: CommandSpec;
      readonly words: readonly string[];
      readonly flags: GivenFlags;
    };

/**
 * Reads the command line. Throws a `usage` PurgeError for anything that is not exactly right; runs and prints nothing.
 * The words and flags are those that were judged; yargs reads them once more, strictly, as a second net, and makes the
 * help (by itself it loses a lone `-` and changes what looks like a number or is quoted).
 */
export async function readCommandLine(args: readonly string[], columns: number): Promise<CommandLine> {
  const { command, wants, words, flags } = checkArguments(args);
  if (wants === 'version') return { wants };
  const parser = buildParser(columns);
  if (wants === 'help') return { wants, text: await helpText(parser, command) };
  if (command === null)
    throw new PurgeError('usage', 'No command was given.', { next: 'tavus-purge --help' });
  await parser.parseAsync([...args]);
  return { wants, command, words, flags };
}

/** The parser that is also behind completion. */
export function buildParser(columns: number): Argv {
  let parser = yargs([])
    .scriptName('tavus-purge')
    .usage(
      'Delete Tavus videos and replicas in bulk, from a plan that you have seen.\n\nUsage: $0 <command> [options]',
    )
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'duplicate-arguments-array': true,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'short-option-groups': false,
    })
    .locale('en')
    .strictOptions()
    .version(false)
    .help('help')
    .alias('help', 'h')
    .option('version', { type: 'boolean', description: 'print the version' })
    .wrap(Math.max(60, Math.min(100, columns)))
    .exitProcess(false)
    .fail((message, error) => {
      // `checkArguments` has refused what it knows; this is the second net.
      throw (
        error ??
        new PurgeError('usage', `The command line is not right: ${message}.`, { next: 'tavus-purge --help' })
      );
    })
    .example('tavus-purge plan old-videos.csv', 'look first')
    .example('tavus-purge apply <run> --confirm <hex>', 'then delete exactly that')
    .epilogue(exitCodeLines())
    .completion('completion', false);
  for (const command of COMMANDS) {
    if (command.name === 'completion') continue;
    parser = parser.command(command.name, command.summary, (builder) => describe(builder, command));
  }
  return parser.command('completion', 'print a completion script for your shell (bash, zsh, fish)');
}

function describe(builder: Argv, command: CommandSpec): Argv {
  let described = builder.usage(`tavus-purge ${command.usage}\n\n${sentence(command.summary)}`);
  const names = optionsOf(command.name);
  for (const name of names) described = described.option(kebabName(name), yargsOption(name));
  for (const [example, meaning] of command.examples) described = described.example(example, meaning);
  return described.epilogue(exitCodeLines());
}

function yargsOption(name: OptionName): Options {
  const spec = optionSpec(name);
  const shown = spec.fallback === null || spec.shape === 'flag' ? '' : ` (default: ${spec.fallback})`;
  return {
    group: `${spec.group}:`,
    description: spec.argument === '' ? spec.meaning : `${spec.argument}: ${spec.meaning}${shown}`,
    type: spec.shape === 'flag' ? 'boolean' : 'string',
    requiresArg: spec.shape !== 'flag',
    ...(spec.choices ? { choices: spec.choices } : {}),
  };
}

async function helpText(parser: Argv, command: CommandSpec | null): Promise<string> {
  let text = '';
  await parser.parseAsync(command ? [command.name, '--help'] : ['--help'], {}, (_error, _argv, output) => {
    text = output;
  });
  // The types say less than the names of the arguments do.
  return text.replaceAll(/\s*\[(?:string|boolean)\]/g, '');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
