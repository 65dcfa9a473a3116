import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TOOL } from '../src/version.ts';
import type { Command } from './measure.ts';

const ROOT = join(import.meta.dirname, '..');

/** A rate that is never reached. */
const UNLIMITED = '999999/s';
const CONCURRENCY = 32;

/** tavus-purge as it is published: built, started by its `bin`, against the fast server. */
export interface Product {
  /** Its name, version and commit. */
  readonly version: string;
  /** The command line with these arguments, for a Node with these options. */
  command(args: readonly string[], nodeOptions?: readonly string[]): Command;
  plan(manifest: string, stateDir: string): Command;
  /** Carries out a saved plan; without a limit when no rate is given. */
  apply(plan: SavedPlan, rate?: string, concurrency?: number): Command;
  resume(plan: SavedPlan): Command;
  report(plan: SavedPlan): Command;
}

/** The one plan in a state folder. */
export interface SavedPlan {
  readonly stateDir: string;
  readonly runId: string;
  readonly planId: string;
}

/** Builds the sources of the checkout into a copy of their own below `scratch`. */
export function buildProduct(scratch: string, baseUrl: string): Product {
  const folder = join(scratch, 'product');
  mkdirSync(folder);
  for (const part of ['bin', 'package.json'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
  const { status, stdout, stderr } = spawnSync(
    tsc,
    ['-p', 'tsconfig.build.json', '--outDir', join(folder, 'dist')],
    {
      cwd: ROOT,
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(`the build failed: ${stdout}${stderr}`);

  const program = join(folder, 'bin', 'tavus-purge.js');
  const command: Product['command'] = (args, nodeOptions = []) => ({
    file: process.execPath,
    args: [...nodeOptions, program, ...args],
  });
  return {
    version: `${TOOL.name} ${TOOL.version}, commit ${commit()}`,
    command,
    plan: (manifest, stateDir) =>
      command([
        'plan',
        manifest,
        '--base-url',
        baseUrl,
        '--max-deletions',
        'unlimited',
        '--state-dir',
        stateDir,
      ]),
    apply: (plan, rate = UNLIMITED, concurrency = CONCURRENCY) =>
      command([
        'apply',
        plan.runId,
        '--confirm',
        plan.planId,
        '--base-url',
        baseUrl,
        ...pace(rate, concurrency),
        '--state-dir',
        plan.stateDir,
      ]),
    resume: (plan) =>
      command([
        'resume',
        plan.runId,
        '--base-url',
        baseUrl,
        ...pace(UNLIMITED, CONCURRENCY),
        '--state-dir',
        plan.stateDir,
      ]),
    report: (plan) => command(['report', plan.runId, '--state-dir', plan.stateDir]),
  };
}

/** A name of the commit at hand, with a mark when there is more than is committed. */
function commit(): string {
  const { stdout } = spawnSync('git', ['describe', '--always', '--dirty=+'], { cwd: ROOT, encoding: 'utf8' });
  return stdout?.trim() || 'unknown';
}

function pace(rate: string, concurrency: number): string[] {
  return ['--rate', rate, '--concurrency', String(concurrency)];
}

/** Finds the one plan that was saved in a state folder. */
export function savedPlan(stateDir: string): SavedPlan {
  const [runId, ...more] = readdirSync(join(stateDir, 'runs'));
  if (runId === undefined || more.length > 0) throw new Error('there is not exactly one run');
  const header = JSON.parse(readFileSync(join(stateDir, 'runs', runId, 'plan.json'), 'utf8')) as {
    readonly planId: string;
  };
  return { stateDir, runId, planId: header.planId };
}

/** A copy of a state folder with its plan, to be carried out apart from the original. */
export function copyOfPlan(plan: SavedPlan, stateDir: string): SavedPlan {
  cpSync(plan.stateDir, stateDir, { recursive: true });
  return { ...plan, stateDir };
}
