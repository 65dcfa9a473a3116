/**
 * Lives of runs whose storage fails, one after the other in one process (a start costs more than all the rest): told a
 * fault, it plans, applies and recovers, and tells what happened. Loaded with the library of `storage-faults.c`.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { subscribe } from 'node:diagnostics_channel';
import { join } from 'node:path';
import { listRuns, planPurge, type SavedPlan } from '../../src/index.ts';
import { startSandbox } from '../../src/sandbox/start-sandbox.ts';
import { brokenPromises, durableOutcomes, type Meant } from './oracle.ts';
import { apply, endOf, recover, type Recoverable } from './recover.ts';
import { FaultControl, type FaultReport, type StorageFault } from './storage-fault-shim.ts';

export interface Task {
  readonly stage: 'plan' | 'apply';
  readonly fault: StorageFault;
}

/** What happened, and what was wrong about it. */
export interface Told {
  readonly report: FaultReport;
  readonly exitCode: number;
  readonly message: string;
  readonly requests: number;
  /** Requests that left after the first failure. */
  readonly late: number;
  readonly problems: readonly string[];
}

const MEANT: readonly Meant[] = Array.from({ length: 5 }, (_, index) => ({
  id: `a00000000${index}`,
  mode: index === 3 ? 'hard' : 'soft',
}));
const [, lost = '', refused = ''] = MEANT.map(({ id }) => id);

const [root = '', controlFile = ''] = process.argv.slice(2);
const control = new FaultControl(controlFile, { create: false });
const sandbox = await startSandbox({
  acceptAnyId: true,
  script: { [lost]: ['reset-after'], [refused]: ['422'] },
});
/** When requests left this process, on the clock of `process.hrtime`, in ms. */
const sentAtMs: number[] = [];
subscribe('undici:client:sendHeaders', () => sentAtMs.push(Number(process.hrtime.bigint()) / 1e6));

let tasks = 0;
process.on('message', (task: Task) => {
  void perform(task).then(
    (told) => process.send?.(told),
    (thrown: unknown) => process.send?.(failedItself(thrown)),
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');

function failedItself(thrown: unknown): Told {
  const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return {
    report: control.disarm(),
    exitCode: -1,
    message: text,
    requests: 0,
    late: 0,
    problems: [`the recovery failed: ${text}`],
  };
}

async function perform({ stage, fault }: Task): Promise<Told> {
  tasks += 1;
  const folder = join(root, String(tasks));
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(
    join(folder, 'manifest.csv'),
    `id,kind,mode\n${MEANT.map(({ id, mode }) => `${id},video,${mode}\n`).join('')}`,
  );
  sandbox.reset();
  sentAtMs.length = 0;
  const told = stage === 'plan' ? await planUnder(fault, folder) : await applyUnder(fault, folder);
  rmSync(folder, { recursive: true });
  return told;
}

async function planUnder(fault: StorageFault, folder: string): Promise<Told> {
  control.arm(fault);
  const end = await endOf(async () => (await plan(folder), 0));
  const report = control.disarm();
  const problems: string[] = [];
  const [left] = await listRuns({ stateDir: stateDir(folder) });
  // Where nothing can be removed any more a plan may stay: a whole one, which is carried out below.
  if (end.exitCode !== 0 && left !== undefined && !fault.forEver)
    problems.push('a plan that failed is there nevertheless');
  if (end.exitCode === 0 && left === undefined) problems.push('a plan that did not fail is not there');
  problems.push(...(await carriedOut(left ?? (await plan(folder)), folder)));
  return { ...end, report, requests: sandbox.requests().length, late: 0, problems };
}

async function applyUnder(fault: StorageFault, folder: string): Promise<Told> {
  const saved = await plan(folder);
  control.arm(fault);
  const end = await apply({ saved, stateDir: stateDir(folder), apiKey: sandbox.apiKey });
  const report = control.disarm();
  const requests = sandbox.requests().length;
  const late = sentAtMs.filter((at) => report.fired > 0 && at > report.firedAtMs).length;
  const problems: string[] = [];
  const durable = durableOutcomes(saved.folder);
  problems.push(...(await carriedOut(saved, folder, end.exitCode)));
  const kept = durableOutcomes(saved.folder);
  for (const [id, outcome] of durable)
    if (kept.get(id) !== outcome) problems.push(`${id}: ${outcome} was lost`);
  return { ...end, report, requests, late, problems };
}

/** Does what an operator does next, without faults, and judges the end. */
async function carriedOut(saved: Recoverable['saved'], folder: string, exitCode?: number): Promise<string[]> {
  const isDone = exitCode === 0 || exitCode === 3;
  const problems = isDone ? [] : await recover({ saved, stateDir: stateDir(folder), apiKey: sandbox.apiKey });
  const deleted = new Set(sandbox.state().deleted.map(({ id }) => id));
  const truth = { deleted, requests: sandbox.requests() };
  return [...problems, ...brokenPromises({ folder: saved.folder, meant: MEANT, truth, complete: true })];
}

function plan(folder: string): Promise<SavedPlan> {
  return planPurge({
    manifests: [join(folder, 'manifest.csv')],
    stateDir: stateDir(folder),
    baseUrl: sandbox.url,
    settings: { rate: { count: 1_000, windowMs: 1_000 }, concurrency: 2, attempts: 1, timeoutMs: 5_000 },
  });
}

function stateDir(folder: string): string {
  return join(folder, 'state');
}
