import { EXIT_CODES } from '../../errors.ts';
import { buildParser } from '../second-reading.ts';

/** `completion`: prints a script for the shell named by SHELL; yargs prints it itself. */
export function printCompletionScript(): number {
  buildParser().showCompletionScript();
  return EXIT_CODES.ok;
}

/** What that script asks for at each Tab: `--get-yargs-completions` and the words so far. yargs prints the answer. */
export async function printCompletions(args: readonly string[]): Promise<number> {
  await buildParser().parseAsync([...args]);
  return EXIT_CODES.ok;
}
