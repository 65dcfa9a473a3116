import path from 'node:path';
import { EXIT_CODES, PurgeError } from '../errors.ts';
import { checkTlsEnvironment } from '../tavus/target.ts';
import { TOOL } from '../version.ts';
import { readCommandLine } from './command-line.ts';
import { loadCommand } from './load-command.ts';
import { resolveSettings } from './settings.ts';
import type { StopSignals } from './signals.ts';
import { defaultStateDir } from './state-dir.ts';
import type { Terminal } from './terminal.ts';

/** Commands that send the key. */
const SENDING: ReadonlySet<string> = new Set(['plan', 'apply', 'resume']);

/** Commands that may go through a million rows, and half of the young generation that they get. */
const LONG: ReadonlySet<string> = new Set(['plan', 'report', 'apply', 'resume', 'job']);
const YOUNG_MB = 20;

/** Understands a command line and carries out its command; answers with the exit code. Throws a PurgeError. */
export async function runCommandLine(
  args: readonly string[],
  terminal: Terminal,
  signals: StopSignals,
): Promise<number> {
  checkCurrentFolder();
  if (args[0] === '--get-yargs-completions') {
    return (await import('./commands/completion.ts')).printCompletions(args);
  }
  const line = await readCommandLine(args, terminal.columns);
  if (line.wants !== 'run') {
    terminal.print(line.wants === 'help' ? line.text : `${TOOL.name} ${TOOL.version}`);
    return EXIT_CODES.ok;
  }
  const { name } = line.command;
  if (name === 'completion') return (await import('./commands/completion.ts')).printCompletionScript();
  const settings = await resolveSettings(line.flags, process.env);
  if (SENDING.has(name)) checkTlsEnvironment(process.env);
  if (name === 'job' && settings.values.quiet) signals.hush();
  const command = await loadCommand(name);
  if (signals.stop.aborted && SENDING.has(name)) {
    throw new PurgeError('interrupted', 'Interrupted before anything was done; nothing was sent.', {
      next: 'start again when it suits',
    });
  }
  if (LONG.has(name)) (await import('./bound-memory.ts')).boundMemory(YOUNG_MB);
  return command({
    words: line.words,
    settings,
    stateDir: path.resolve(settings.values.stateDir ?? defaultStateDir(process.env)),
    env: process.env,
    terminal,
    stdin: process.stdin,
    stop: signals.stop,
    force: signals.force,
  });
}

/** Relative paths, yargs and much else need the folder in which the program was started. */
function checkCurrentFolder(): void {
  try {
    process.cwd();
  } catch (error) {
    throw new PurgeError('usage', 'The current folder is gone, or may not be read.', {
      next: 'cd to another folder, and start again',
      cause: error,
    });
  }
}
