import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';

const run = promisify(execFile);
const PROGRAM = join(import.meta.dirname, '..', '..', 'bin', 'tavus-purge.js');

/** Whether there is a terminal to test on. CI must have one, so there a missing tmux fails the tests. */
export function hasTerminal(): boolean {
  if (process.env['CI'] !== undefined) return true;
  try {
    execFileSync('tmux', ['-V'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The program on a real terminal, with somebody who types and reads the screen. */
export interface TerminalSession {
  type(text: string): Promise<void>;
  press(key: 'Enter' | 'C-c' | 'C-d'): Promise<void>;
  /** Waits until the screen shows `text`; throws with the screen when it never does. */
  screenWith(text: string | RegExp): Promise<string>;
}

export interface TerminalOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly columns?: number;
}

/** Starts the program in tmux; when it has ended, the screen says `exit <code>`. */
export async function onTerminal(
  args: readonly string[],
  options: TerminalOptions,
): Promise<TerminalSession> {
  const socket = `tavus-purge-test-${process.pid}-${Math.random().toString(36).slice(2)}`;
  const tmux = (...words: readonly string[]): Promise<{ stdout: string }> =>
    run('tmux', ['-L', socket, ...words]);
  const variables = Object.entries(options.env).map(([name, value]) => `${name}=${value}`);
  const words = ['env', '-u', 'CI', '-u', 'NO_COLOR', ...variables, process.execPath, PROGRAM, ...args];
  // Ctrl-C reaches the shell as well, which must live on to say the exit code.
  const command = `trap : INT; ${words.map((word) => `'${word}'`).join(' ')}; printf 'exit %s\\n' $?; sleep 600`;
  await tmux(
    '-f',
    '/dev/null',
    'new-session',
    '-d',
    '-x',
    String(options.columns ?? 100),
    '-y',
    '50',
    'sh',
    '-c',
    command,
  );
  onTestFinished(async () => {
    await tmux('kill-server').catch(() => {});
  });
  const screen = async (): Promise<string> => (await tmux('capture-pane', '-p', '-e', '-S', '-200')).stdout;
  return {
    type: async (text) => void (await tmux('send-keys', '-l', text)),
    press: async (key) => void (await tmux('send-keys', key)),
    async screenWith(text) {
      let shown = '';
      for (let tries = 0; tries < 300; tries += 1) {
        shown = await screen();
        if (typeof text === 'string' ? shown.includes(text) : text.test(shown)) return shown;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      throw new Error(`the screen never showed ${String(text)}:\n${shown}`);
    },
  };
}
