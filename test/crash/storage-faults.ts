import { fork, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Proof, ProofBudget, ProofResult } from '../helpers/proof.ts';
import {
  buildFaultLibrary,
  FaultControl,
  faultEnvironment,
  FAULTS,
  whyNoStorageFaults,
  type FaultName,
  type StorageFault,
} from './storage-fault-shim.ts';
import type { Task, Told } from './storage-fault-worker.ts';

/** What a stage ends with when nothing fails: the five IDs of a run have an unknown and a rejected one among them. */
const WITHOUT_FAULT = { plan: 0, apply: 3 } as const;
const STORAGE = 8;
const USAGE = 2;

/**
 * Where a failure may go unnoticed, so that the stage ends as if there was none: all that is not needed for any promise.
 * `RUN` stands for a run ID.
 */
const HARMLESS: readonly RegExp[] = [
  // The name of a lock's holder, for a message; the lock itself when it is let go: it is free at the latest with its process.
  / \/(?:locks\/\w+|runs\/RUN\/)\.lock(?:\.json|-journal)?$/,
  // The ledger, which is derived: when it is closed, or at the end of a run.
  / \/ledger\.db(?:-wal|-shm|-journal)?$/,
  // Making what is there already.
  /^mkdir (?:\/runs(?:\/RUN)?|\/locks)?$/,
  /^open \/runs\/RUN\/run\.db$/,
  // SQLite takes a folder that cannot be synced for one of a system without such syncs.
  /^(?:open|fsync) (?:\/locks|\/runs\/(?:\.planning-)?RUN)?$/,
  /^(?:open|write) \/runs\/RUN\/log\.ndjson$/,
];
/** Folding run.db into one file when it is closed, and the remark that the results are written: harmless after the last request. */
const HARMLESS_AFTER_ALL = / \/runs\/(?:\.planning-)?RUN\/run\.db(?:-wal|-shm|-journal)?$/;

/** The N-th file operation of planning and of applying fails, for every N. */
export const storageFaults: Proof = {
  name: 'storage-faults',
  promises: [
    'a failed or short write, sync, rename or open ends with exit code 8, and no request leaves after it',
    'after it nothing is lost and nothing invented: planning again or resume does the rest',
  ],
  fullSeeds: 2_500,
  run: (budget) => proveStorageFaults(budget),
};

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
      const name = `${series.stage}, ${nameOf(series.fault)}, operation ${at} (${placeOf(told)})`;
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

/** Operation and file, the same from run to run. */
function placeOf({ report }: Pick<Told, 'report'>): string {
  const path = report.path
    .replace(/^\/\w+(?:-\w+)*(?:\/state)?/, '')
    .replace(/\d{8}-\d{6}-[0-9a-f]{6}/, 'RUN');
  return `${report.operation} ${path}`;
}

/** Whether the program may go on as if nothing had happened. */
function mayGoUnnoticed(place: string, fault: Omit<StorageFault, 'at'>, late: number): boolean {
  // What was not taken of a short write is written again; only a full disk behind it is a failure.
  const isTakenUp = fault.fault === 'short' && !fault.forEver;
  return (
    isTakenUp ||
    HARMLESS.some((pattern) => pattern.test(place)) ||
    (late === 0 && HARMLESS_AFTER_ALL.test(place))
  );
}

function wrongs({ stage, fault }: Series, told: Told): string[] {
  const { report, exitCode, message, late, problems } = told;
  const place = placeOf(told);
  const wrong = [...problems];
  const isHarmless = report.fired === 0 || mayGoUnnoticed(place, fault, late);
  const isManifest = stage === 'plan' && place.endsWith('/manifest.csv');
  const isExpected =
    exitCode === STORAGE ||
    (isHarmless && exitCode === WITHOUT_FAULT[stage]) ||
    (exitCode === USAGE && isManifest);
  // With all opens failing from somewhere on, the manifest is where planning notices.
  const noticedAtManifest = stage === 'plan' && exitCode === USAGE && message.includes('manifest.csv');
  if (!isExpected && !noticedAtManifest) wrong.push(`exit code ${exitCode} ${message}`);
  if (!isHarmless && late > 0) wrong.push(`${late} requests left after the failure`);
  return wrong;
}

/** The process in which it happens. */
class FaultWorker implements Disposable {
  readonly #folder: string;
  readonly #child: ChildProcess;
  #answer: Pick<PromiseWithResolvers<Told>, 'resolve' | 'reject'> | undefined;

  private constructor(folder: string, child: ChildProcess) {
    this.#folder = folder;
    this.#child = child;
    child.on('message', (told: Told) => this.#answer?.resolve(told));
    child.on('exit', () =>
      this.#answer?.reject(new Error('the process in which storage fails ended by itself')),
    );
  }

  static async start(): Promise<FaultWorker> {
    const folder = mkdtempSync(join(fastFolder(), 'tavus-purge-faults-'));
    const root = join(folder, 'root');
    const control = join(folder, 'control');
    mkdirSync(root, { mode: 0o700 });
    new FaultControl(control, { create: true })[Symbol.dispose]();
    const child = fork(join(import.meta.dirname, 'storage-fault-worker.ts'), [root, control], {
      execArgv: [],
      env: {
        ...faultEnvironment(buildFaultLibrary(folder), { root, control }),
        NODE_COMPILE_CACHE: join(import.meta.dirname, '../../node_modules/.cache/tavus-purge-test'),
      },
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
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** In memory where there is such a folder: what is proven here does not need a disk, which would only be slow. */
function fastFolder(): string {
  return existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
}
