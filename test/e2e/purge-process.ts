import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { onTestFinished } from 'vitest';
import type { SandboxOptions } from '../../src/sandbox/options.ts';
import type { Summary } from '../../src/types.ts';
import { startProgram, type Ended, type Started } from '../cli/process.ts';
import type { Canary } from '../helpers/canary.ts';
import { startSandboxProcess, type SandboxProcess } from '../helpers/sandbox-process.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { canaryFor } from '../helpers/test-canary.ts';

/** One row of results.csv, by column name. */
type ResultCells = Readonly<Record<string, string>>;

/**
 * A sandbox in a process of its own, and the program to run against it, with a state folder and a random key of their
 * own. When the test ends, the key must be in nothing that was written below `folder`, printed or shown by the system.
 */
export interface Purge {
  readonly sandbox: SandboxProcess;
  readonly canary: Canary;
  readonly folder: string;
  readonly stateDir: string;
  /** Writes a CSV manifest of videos, or any text, and gives its path. */
  manifest(rows: readonly string[] | string, name?: string): Promise<string>;
  run(...args: readonly string[]): Promise<Ended>;
  start(...args: readonly string[]): Started;
  /** Plans and gives the run ID with what confirms it. */
  plan(...args: readonly string[]): Promise<{ readonly runId: string; readonly confirm: string }>;
  results(runId: string): Promise<readonly ResultCells[]>;
  summary(runId: string): Promise<Summary>;
}

export async function newPurge(options: SandboxOptions = {}): Promise<Purge> {
  const folder = await temporaryFolder();
  const canary = canaryFor(folder);
  const sandbox = await startSandboxProcess({ acceptAnyId: true, apiKeys: [canary.key], ...options });
  onTestFinished(() => sandbox.stop());
  const stateDir = join(folder, 'state');
  const env = { TAVUS_API_KEY: sandbox.apiKey, TAVUS_BASE_URL: sandbox.url, TAVUS_PURGE_STATE_DIR: stateDir };
  const runFile = (runId: string, name: string): string => join(stateDir, 'runs', runId, name);
  const start = (...args: readonly string[]): Started => {
    const started = startProgram(args, env);
    canary.watch(started.child);
    return started;
  };
  const run = (...args: readonly string[]): Promise<Ended> => start(...args).ended;
  return {
    sandbox,
    canary,
    folder,
    stateDir,
    run,
    start,
    async manifest(rows, name = 'manifest.csv') {
      const path = join(folder, name);
      const text = typeof rows === 'string' ? rows : `id,kind\n${rows.map((id) => `${id},video\n`).join('')}`;
      await writeFile(path, text);
      return path;
    },
    async plan(...args) {
      const { stdout, stderr } = await run('plan', '--json', ...args);
      if (stdout === '') throw new Error(stderr);
      // oxlint-disable-next-line no-unsafe-type-assertion -- checked against its schema elsewhere
      const { runId, planId } = JSON.parse(stdout) as { readonly runId: string; readonly planId: string };
      return { runId, confirm: planId.slice(0, 8) };
    },
    async results(runId) {
      return parse(await readFile(runFile(runId, 'results.csv'), 'utf8'), { columns: true });
    },
    async summary(runId) {
      // oxlint-disable-next-line no-unsafe-type-assertion -- checked against its schema elsewhere
      return JSON.parse(await readFile(runFile(runId, 'summary.json'), 'utf8')) as Summary;
    },
  };
}

/** `count` different video IDs. */
export function videoIds(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, index) =>
    (0xa000000 + from + index).toString(16).padStart(10, '0'),
  );
}
