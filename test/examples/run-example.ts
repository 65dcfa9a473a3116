import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Runs an example as a reader does, without colour; what it prints and its exit code. */
export async function runExample(path: string): Promise<{ readonly code: number; readonly text: string }> {
  const child = spawn(process.execPath, [path], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], NO_COLOR: '1', TAVUS_BASE_URL: 'https://example.invalid' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  child.stderr.setEncoding('utf8').on('data', (part: string) => (text += part));
  const [code] = await once(child, 'close');
  return { code: Number(code), text };
}
