/** The process around the commands: streams, signals, exit code. It never calls `process.exit`, which would cut output short. */
import path from 'node:path';
import { EXIT_CODES, PurgeError } from '../errors.ts';
import { checkTlsEnvironment } from '../tavus/target.ts';
import { TOOL } from '../version.ts';
import { buildParser, readCommandLine } from './command-line.ts';
import { loadCommand } from './load-command.ts';
import { renderBug, renderError } from './render-error.ts';
import { resolveSettings } from './settings.ts';
import { listenToSignals, type StopSignals } from './signals.ts';
import { defaultStateDir } from './state-dir.ts';
import { createTerminal, type Terminal } from './terminal.ts';

/** Commands that send the key. */
const SENDING: ReadonlySet<string> = new Set(['plan', 'apply', 'resume']);

/** Runs the command line of this process and sets its exit code. Never rejects. */
export async function main(args: readonly string[]): Promise<void> {
  const terminal = createTerminal(process);
  // Before anything is judged: a key pasted in a wrong place must not come back in the message about it.
  terminal.protect(process.env['TAVUS_API_KEY']);
  const signals = listenToSignals((text) => {
    terminal.say(text);
  });
  let isOver = false;
  const failUnexpectedly = (thrown: unknown): void => {
    terminal.say(renderBug(thrown, terminal.paintWords));
    process.exitCode = EXIT_CODES.bug;
    // What the program knows may be wrong from here on: send nothing new.
    signals.end();
  };
  process.on('uncaughtException', failUnexpectedly);
  process.on('unhandledRejection', failUnexpectedly);
  process.on('exit', () => {
    if (isOver) return;
    // The event loop ran empty while something was still awaited.
    process.exitCode = EXIT_CODES.bug;
    terminal.say(renderBug(new Error('the program ended before its work was done'), terminal.paintWords));
  });
  try {
    const code = await run(args, terminal, signals);
    // An error that nobody awaited has set its code already.
    process.exitCode ??= code;
  } catch (thrown) {
    const code = explain(terminal, thrown);
    process.exitCode ??= code;
  } finally {
    isOver = true;
  }
}

async function run(args: readonly string[], terminal: Terminal, signals: StopSignals): Promise<number> {
  if (args[0] === '--get-yargs-completions') {
    await buildParser(terminal.columns).parseAsync([...args]);
    return EXIT_CODES.ok;
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
  const command = await loadCommand(name);
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

/** Says what went wrong; answers with the exit code for it. */
function explain(terminal: Terminal, thrown: unknown): number {
  terminal.showStatus('');
  if (thrown instanceof PurgeError) {
    terminal.say(renderError(thrown, terminal.paintWords));
    return thrown.exitCode;
  }
  terminal.say(renderBug(thrown, terminal.paintWords));
  return EXIT_CODES.bug;
}
