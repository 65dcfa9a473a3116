import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';

/** Compiled code of earlier starts, so that a start costs half. */
export const COMPILE_CACHE: string = path.resolve(
  import.meta.dirname,
  '../../node_modules/.cache/tavus-purge-test',
);

export const PROGRAM: string = path.resolve(import.meta.dirname, '../../bin/tavus-purge.js');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Starts the program as its users do, with no environment but `env`; standard input is empty and no terminal. */
export function startProgram(args: readonly string[], env: Readonly<Record<string, string>>): Started {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.stderr += text));
  const { promise, resolve, reject } = Promise.withResolvers<Ended>();
  child.once('error', reject);
  child.once('close', (code) => {
    resolve({ code, ...texts });
  });
  return { child, ended: promise };
}

/** Runs the program to its end. */
export function runProgram(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
  return startProgram(args, env).ended;
}
