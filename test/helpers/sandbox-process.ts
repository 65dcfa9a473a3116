import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import type { SandboxOptions, SwitchChanges } from '../../src/sandbox/options.ts';
import type { RecordedRequest } from '../../src/sandbox/request-log.ts';
import type { SandboxState } from '../../src/sandbox/sandbox-state.ts';

/** A sandbox in a process of its own; every function asks it over HTTP. */
export interface SandboxProcess {
  readonly url: string;
  readonly port: number;
  readonly apiKey: string;
  readonly pid: number;
  state(): Promise<SandboxState>;
  /** Every recorded DELETE in order of arrival. */
  requests(): Promise<RecordedRequest[]>;
  /** Changes switches from the next request on; throws when the sandbox refuses them. */
  set(changes: SwitchChanges): Promise<void>;
  reset(): Promise<void>;
  /** Kills the process; may be called twice. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Compiled code is kept between processes, which halves the time that a sandbox needs to start. */
const NODE_COMPILE_CACHE = join(tmpdir(), 'tavus-purge-test-compile-cache');

const READY = z.object({ url: z.string(), port: z.number(), apiKey: z.string() });

/** Starts a sandbox as a child process. It ends with `stop`, and at the latest with this process. */
export async function startSandboxProcess(
  options: SandboxOptions & { readonly port?: number } = {},
): Promise<SandboxProcess> {
  const entry = fileURLToPath(new URL('sandbox-child.ts', import.meta.url));
  const child = spawn(process.execPath, [entry], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { NODE_COMPILE_CACHE },
  });
  const exited = once(child, 'exit');
  let problems = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    problems = `${problems}${text}`.slice(-10_000);
  });
  // A child that dies at once closes the pipe; the exit tells more than EPIPE.
  child.stdin.on('error', () => {});
  child.stdin.write(`${JSON.stringify(options)}\n`);
  const died = exited.then((): never => {
    throw new Error(`the sandbox process ended before it was ready:\n${problems}`);
  });
  const [ready] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), died]);
  died.catch(() => {});
  const { url, port, apiKey } = READY.parse(JSON.parse(String(ready)));

  async function ask(path: string, init?: RequestInit): Promise<Response> {
    const response = await fetch(`${url}/__sandbox/${path}`, init);
    if (!response.ok) throw new Error(`the sandbox answered ${response.status}: ${await response.text()}`);
    return response;
  }
  async function stop(): Promise<void> {
    child.kill('SIGKILL');
    await exited;
  }

  return {
    url,
    port,
    apiKey,
    pid: child.pid ?? 0,
    // The sandbox is ours, so its answers have the shapes that it declares.
    async state() {
      const state: SandboxState = JSON.parse(await (await ask('state')).text());
      return state;
    },
    async requests() {
      const lines = (await (await ask('requests')).text()).split('\n');
      return lines.slice(0, -1).map((line): RecordedRequest => JSON.parse(line));
    },
    async set(changes) {
      await ask('options', { method: 'POST', body: JSON.stringify(changes) });
    },
    async reset() {
      await ask('reset', { method: 'POST' });
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
