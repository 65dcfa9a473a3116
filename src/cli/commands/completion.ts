import { EXIT_CODES } from '../../errors.ts';
import { buildParser } from '../command-line.ts';

/** `completion`: prints a script for the shell named by SHELL; yargs prints it itself. */
export function printCompletionScript(): number {
  buildParser(100).showCompletionScript();
  return EXIT_CODES.ok;
}
