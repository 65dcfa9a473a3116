import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planPurge, type SavedPlan } from '../../src/index.ts';
import type { SandboxOptions } from '../../src/sandbox/options.ts';
import { startSandbox, type RunningSandbox } from '../../src/sandbox/start-sandbox.ts';
import type { ExecutionSettings } from '../../src/types.ts';
import { startProgram, type Started } from '../cli/process.ts';
import { brokenPromises, type Meant } from './oracle.ts';

export interface WorldOptions extends SandboxOptions {
  /** Where the world's folder is made; by default among the system's temporary files. */
  readonly parent?: string | undefined;
  /** More variables for the program. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** A sandbox in this process, a folder, and the real program to run against it. */
export class World implements AsyncDisposable {
  readonly folder: string;
  readonly stateDir: string;
  readonly sandbox: RunningSandbox;
  readonly env: Readonly<Record<string, string>>;

  private constructor(folder: string, sandbox: RunningSandbox, env: Readonly<Record<string, string>> = {}) {
    this.folder = folder;
    this.stateDir = join(folder, 'state');
    this.sandbox = sandbox;
    this.env = {
      TAVUS_API_KEY: sandbox.apiKey,
      TAVUS_BASE_URL: sandbox.url,
      TAVUS_PURGE_STATE_DIR: this.stateDir,
      ...env,
    };
  }

  static async open({ parent = tmpdir(), env, ...options }: WorldOptions = {}): Promise<World> {
    mkdirSync(parent, { recursive: true });
    const folder = mkdtempSync(join(parent, 'tavus-purge-world-'));
    return new World(folder, await startSandbox({ acceptAnyId: true, ...options }), env);
  }

  get manifestPath(): string {
    return join(this.folder, 'manifest.csv');
  }

  /** Plans in this process: a start less. Invalid rows are skipped. */
  plan(
    meant: readonly Meant[],
    settings: Partial<ExecutionSettings> = {},
    invalidRows = 0,
  ): Promise<SavedPlan> {
    const rows = meant.map(({ id, mode }) => `${id},video,${mode}\n`).join('');
    writeFileSync(this.manifestPath, `id,kind,mode\n${rows}${'no ID,video,soft\n'.repeat(invalidRows)}`);
    return planPurge({
      manifests: [this.manifestPath],
      stateDir: this.stateDir,
      baseUrl: this.sandbox.url,
      skipInvalid: true,
      settings: { rate: { count: 1_000, windowMs: 1_000 }, allowNotFound: true, ...settings },
    });
  }

  start(...args: readonly string[]): Started {
    return startProgram(args, this.env);
  }

  /** Carries out a saved plan with the program. */
  apply({ runId, header }: SavedPlan): Started {
    return this.start('apply', runId, '--confirm', header.planId.slice(0, 8));
  }

  /** What is wrong about a run, by the sandbox's own records. */
  broken(folder: string, meant: readonly Meant[], complete: boolean): string[] {
    const deleted = new Set(this.sandbox.state().deleted.map(({ id }) => id));
    return brokenPromises({ folder, meant, complete, truth: { deleted, requests: this.sandbox.requests() } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sandbox.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** `count` videos, hard where `isHard` says so. */
export function videos(count: number, isHard: (index: number) => boolean = () => false): Meant[] {
  return Array.from({ length: count }, (_, index) => ({
    id: (0xa0_00_00_00 + index).toString(16).padStart(10, '0'),
    mode: isHard(index) ? 'hard' : 'soft',
  }));
}
