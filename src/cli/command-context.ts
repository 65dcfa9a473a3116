import type { Settings } from './settings.ts';
import type { Environment } from './state-dir.ts';
import type { Terminal } from './terminal.ts';

/** What a command works with. */
export interface CommandContext {
  /** What follows the command's name. */
  readonly words: readonly string[];
  readonly settings: Settings;
  readonly stateDir: string;
  readonly env: Environment;
  readonly terminal: Terminal;
  readonly stdin: AsyncIterable<Uint8Array>;
  /** The first signal: end cleanly. */
  readonly stop: AbortSignal;
  /** The second: end now. */
  readonly force: AbortSignal;
}

/** A command: does its work, prints its result, and answers with the exit code. Throws a PurgeError for what went wrong. */
export type Command = (context: CommandContext) => Promise<number>;
