/**
 * The process around the commands: streams, signals, exit code. It never calls `process.exit`, which would cut output
 * short. It imports little, so that signals are heard early; the rest is loaded when they are.
 */
import { EXIT_CODES, PurgeError } from '../errors.ts';
import { renderBug, renderError } from './render-error.ts';
import { listenToSignals } from './signals.ts';
import { createTerminal, type Terminal } from './terminal.ts';

/** Runs the command line of this process and sets its exit code. Never rejects. */
export async function main(args: readonly string[]): Promise<void> {
  // Never taken off again: a signal at any moment ends the program as it should.
  const signals = listenToSignals((text) => {
    terminal.say(text);
  });
  const terminal = createTerminal(process);
  // Before anything is judged: a key pasted in a wrong place must not come back in the message about it.
  terminal.protect(process.env['TAVUS_API_KEY']);
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
    const { runCommandLine } = await import('./run-command-line.ts');
    const code = await runCommandLine(args, terminal, signals);
    // An error that nobody awaited has set its code already.
    process.exitCode ??= code;
  } catch (thrown) {
    const code = explain(terminal, thrown);
    process.exitCode ??= code;
  } finally {
    isOver = true;
  }
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
