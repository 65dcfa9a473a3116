import { spawn, type ChildProcess } from 'node:child_process';
import { basename } from 'node:path';
// The only way to end a process group; it names a process that was started here.
import { kill } from 'node:process';
import { printable } from '../printable.ts';
import { deliver, TryFailed, type Delivery } from './notify-tries.ts';

/** Names and values as in an environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A program to run: no shell, `input` on its standard input, its output nowhere. */
export interface NotifyCommand {
  readonly argv: readonly string[];
  /** Where it runs. */
  readonly folder: string;
  /** What it is given of this comes from a short list of names: never a key, and nothing of `TAVUS_…`. */
  readonly environment: Environment;
  readonly input: string;
}

const GIVEN = /^(?:PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_[A-Z]+|TZ|TMPDIR)$/;

/**
 * Runs a command until it exits with 0. At the limit of a try its whole process group is killed. Answers with `null`, or
 * with one sentence that says why not, which names the program and none of its arguments. Never rejects.
 */
export async function runNotifyCommand(command: NotifyCommand, delivery: Delivery): Promise<string | null> {
  const program = basename(command.argv[0] ?? '');
  const subject = `The command ${printable(program, 60)}`;
  return deliver(subject, (signal) => runOnce(command, signal), delivery);
}

/** The environment that a notification command gets. */
export function commandEnvironment(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => GIVEN.test(name)));
}

async function runOnce(command: NotifyCommand, signal: AbortSignal): Promise<void> {
  const [program = '', ...options] = command.argv;
  const child = spawn(program, options, {
    cwd: command.folder,
    env: commandEnvironment(command.environment),
    stdio: ['pipe', 'ignore', 'ignore'],
    // A process group of its own, so that what it starts ends with it.
    detached: true,
  });
  const onAbort = (): void => killGroup(child);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await endOf(child, command.input);
  } finally {
    signal.removeEventListener('abort', onAbort);
    // A child of it may hold the other end open for ever.
    child.stdin?.destroy();
  }
}

function endOf(child: ChildProcess, input: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      const code = 'code' in error && typeof error.code === 'string' ? error.code : 'no code';
      reject(new TryFailed(`could not be started (${code})`, false));
    });
    child.once('exit', (code, signalName) => {
      if (code === 0) resolve();
      else
        reject(
          new TryFailed(
            code === null ? `ended by ${String(signalName)}` : `ended with exit code ${String(code)}`,
            true,
          ),
        );
    });
    // A command that does not read its input is fine.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    kill(-child.pid, 'SIGKILL');
  } catch {
    // No such group: it has ended, or this system has none.
    child.kill('SIGKILL');
  }
}
