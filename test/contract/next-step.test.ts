/** CONTRACT 7 and 9: a signal before the first request is exit 5, and every non-zero exit names the next command. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { newPurge } from '../e2e/purge-process.ts';

const PROGRAM = join(import.meta.dirname, '..', '..', 'bin', 'tavus-purge.js');

test('a signal ends a plan that still waits for standard input, with exit 5 and a next step', async () => {
  const purge = await newPurge();
  const child = spawn(process.execPath, [PROGRAM, 'plan', '-', '--format', 'csv'], {
    env: { TAVUS_BASE_URL: purge.sandbox.url, TAVUS_PURGE_STATE_DIR: purge.stateDir },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'exit').then(([code]: readonly unknown[]) => code);
  child.stdin.write('id,kind\n');
  await new Promise((resolve) => setTimeout(resolve, 900));
  child.kill('SIGINT');
  // Whoever writes into the pipe may never end.
  const tooLong = new Promise((resolve) => setTimeout(resolve, 3000, 'still running 3 s after the signal'));
  expect(await Promise.race([ended, tooLong]), stderr).toBe(5);
  expect(stderr).toMatch(/^next: /m);
});
