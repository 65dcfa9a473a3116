import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { COMPILE_CACHE } from '../cli/process.ts';
import type { Proof, ProofBudget, ProofResult } from '../helpers/proof.ts';
import { FaultyFolder } from './faulty-folder.ts';
import { proveFaultyProcesses } from './faulty-processes.ts';
import { proveFullDisk } from './full-disk.ts';
import { FAULTS, whyNoStorageFaults, type FaultName, type StorageFault } from './storage-fault-shim.ts';
import { isManifestRefused, mayGoUnnoticed, placeOf, STORAGE, WITHOUT_FAULT } from './storage-places.ts';
import type { Task, Told } from './storage-fault-worker.ts';

/** The N-th file operation of planning and of applying fails, for every N. */
export const storageFaults: Proof = {
  name: 'storage-faults',
  promises: [
    'a failed or short write, sync, rename or open ends with exit code 8, and no request leaves after it',
    'after it nothing is lost and nothing invented: planning again or resume does the rest',
  ],
  fullSeeds: 2_500,
  run: proveAll,
};

async function proveAll(budget: ProofBudget): Promise<ProofResult> {
  const library = await proveStorageFaults(budget);
  const processes = await proveFaultyProcesses({ ...budget, seeds: Math.ceil(budget.seeds / 25) });
  const disk = await proveFullDisk(budget);
  const all = [library, processes, disk];
  return {
    figures: all.map(({ figures }) => figures).join('; '),
    failures: all.flatMap(({ failures }) => failures),
  };
}

/** About `budget.seeds` runs, evenly spread over all stages, faults and places; all of them when that is enough. */
export async function proveStorageFaults(budget: ProofBudget): Promise<ProofResult> {
  const why = whyNoStorageFaults();
  if (why !== null) return { figures: `not done: ${why}`, failures: [] };
  const stride = Math.max(1, Math.round(2_000 / budget.seeds));
  const failures: string[] = [];
  const counts = { runs: 0, fired: 0, refused: 0, requests: 0 };
  using worker = await FaultWorker.start();
  for (const [index, series] of allSeries().entries()) {
    for (let at = 1 + ((index * 7) % stride); performance.now() < budget.until; at += stride) {
      const told = await worker.ask({ stage: series.stage, fault: { ...series.fault, at } });
      counts.runs += 1;
      counts.requests += told.requests;
      if (told.report.fired > 0) counts.fired += 1;
      if (told.exitCode === STORAGE) counts.refused += 1;
      const name = `${series.stage}, ${nameOf(series.fault)}, operation ${at} (${placeOf(told.report)})`;
      failures.push(...wrongs(series, told).map((wrong) => `${name}: ${wrong}`));
      if (told.report.fired === 0) break;
    }
  }
  if (counts.fired === 0) failures.push('no operation failed: nothing was proven');
  const { runs, fired, refused, requests } = counts;
  return {
    figures: `${runs} runs with ${fired} storage faults, ${refused} ended with exit code 8, ${requests} requests`,
    failures,
  };
}

type Series = Pick<Task, 'stage'> & { readonly fault: Omit<StorageFault, 'at'> };

function allSeries(): Series[] {
  return (['plan', 'apply'] as const).flatMap((stage) =>
    (Object.keys(FAULTS) as FaultName[]).flatMap((fault) =>
      [false, true].map((forEver) => ({ stage, fault: { fault, forEver } })),
    ),
  );
}

function nameOf({ fault, forEver }: Series['fault']): string {
  return `${fault} ${forEver ? 'for ever' : 'once'}`;
}

function wrongs({ stage, fault }: Series, told: Told): string[] {
  const { report, exitCode, message, late, problems } = told;
  const place = placeOf(told.report);
  const wrong = [...problems];
  const isHarmless = report.fired === 0 || mayGoUnnoticed(place, fault, late);
  const isExpected =
    exitCode === STORAGE ||
    (isHarmless && exitCode === WITHOUT_FAULT[stage]) ||
    isManifestRefused(stage, exitCode, message);
  if (!isExpected) wrong.push(`exit code ${exitCode} ${message}`);
  if (!isHarmless && late > 0) wrong.push(`${late} requests left after the failure`);
  return wrong;
}

/** The process in which it happens. */
class FaultWorker implements Disposable {
  readonly #folder: FaultyFolder;
  readonly #child: ChildProcess;
  #answer: Pick<PromiseWithResolvers<Told>, 'resolve' | 'reject'> | undefined;

  private constructor(folder: FaultyFolder, child: ChildProcess) {
    this.#folder = folder;
    this.#child = child;
    child.on('message', (told: Told) => this.#answer?.resolve(told));
    child.on('exit', () =>
      this.#answer?.reject(new Error('the process in which storage fails ended by itself')),
    );
  }

  static async start(): Promise<FaultWorker> {
    const folder = new FaultyFolder();
    const { root, controlFile, env } = folder;
    const child = fork(join(import.meta.dirname, 'storage-fault-worker.ts'), [root, controlFile], {
      execArgv: [],
      env: { ...env, NODE_COMPILE_CACHE: COMPILE_CACHE },
    });
    const worker = new FaultWorker(folder, child);
    await worker.#next();
    return worker;
  }

  ask(task: Task): Promise<Told> {
    this.#child.send(task);
    return this.#next();
  }

  #next(): Promise<Told> {
    const { promise, resolve, reject } = Promise.withResolvers<Told>();
    this.#answer = { resolve, reject };
    return promise;
  }

  [Symbol.dispose](): void {
    this.#answer = undefined;
    this.#child.kill('SIGKILL');
    this.#folder[Symbol.dispose]();
  }
}
