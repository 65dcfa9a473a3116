import yargs, { type Argv, type Options } from 'yargs';
import { PurgeError } from '../errors.ts';
import { COMMANDS, type CommandSpec } from './commands.ts';
import { kebabName, optionsOf, optionSpec, type OptionName } from './options.ts';

/**
 * Reads a command line that `checkArguments` has accepted once more, strictly. Throws a `usage` PurgeError when yargs
 * finds something wrong with it; what yargs understands is not used (it loses a lone `-`, and changes what is quoted).
 */
export async function readAgain(args: readonly string[]): Promise<void> {
  await buildParser().parseAsync([...args]);
}

/** The parser that is also behind completion. */
export function buildParser(): Argv {
  let parser = yargs([])
    .scriptName('tavus-purge')
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
    .exitProcess(false)
    .fail((message, error) => {
      // What is no error of yargs is a bug.
      if (error !== undefined && error.name !== 'YError') throw error;
      throw new PurgeError('usage', `The command line is not right: ${message}.`, {
        next: 'tavus-purge --help',
        cause: error,
      });
    })
    .completion('completion', false);
  for (const command of COMMANDS) {
    if (command.name === 'completion') continue;
    parser = parser.command(command.name, command.summary, (builder) => withOptions(builder, command));
  }
  return parser.command('completion', 'print a completion script for your shell (bash, zsh, fish)');
}

function withOptions(builder: Argv, command: CommandSpec): Argv {
  let described = builder;
  for (const name of optionsOf(command.name))
    described = described.option(kebabName(name), yargsOption(name));
  return described;
}

function yargsOption(name: OptionName): Options {
  const { shape, choices, meaning } = optionSpec(name);
  return {
    description: meaning,
    type: shape === 'flag' ? 'boolean' : 'string',
    requiresArg: shape !== 'flag',
    ...(choices ? { choices } : {}),
  };
}
