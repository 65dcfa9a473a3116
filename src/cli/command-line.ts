import { PurgeError } from '../errors.ts';
import { checkArguments } from './check-arguments.ts';
import type { CommandSpec } from './commands.ts';
import type { GivenFlags } from './settings.ts';

/** Commands that plan or delete. */
const READ_TWICE: ReadonlySet<string> = new Set(['plan', 'apply', 'resume', 'job']);

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
 * The words and flags are those that were judged. Before anything can be planned or deleted, yargs reads them once more
 * as a second net; the other commands do without, since loading yargs takes longer than they do.
 */
export async function readCommandLine(args: readonly string[], columns: number): Promise<CommandLine> {
  const { command, wants, words, flags } = checkArguments(args);
  if (wants === 'version') return { wants };
  if (wants === 'help') {
    const { renderHelp } = await import('./render-help.ts');
    return { wants, text: renderHelp(command, columns) };
  }
  if (command === null)
    throw new PurgeError('usage', 'No command was given.', { next: 'tavus-purge --help' });
  if (READ_TWICE.has(command.name)) await (await import('./second-reading.ts')).readAgain(args);
  return { wants, command, words, flags };
}
