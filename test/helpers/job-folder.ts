import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  readJob,
  runJob,
  type JobResult,
  type JobWatcher,
  type PurgeEvent,
  type PurgeRun,
  type RunJobOptions,
} from '../../src/index.ts';
import type { Clock } from '../../src/ports.ts';
import type { SandboxOptions } from '../../src/sandbox/options.ts';
import { startSandbox, type RunningSandbox } from '../../src/sandbox/start-sandbox.ts';
import { systemClock } from '../../src/system-clock.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A job file with a drop folder and a sandbox in this process. */
export interface JobFolder {
  readonly folder: string;
  readonly file: string;
  readonly stateDir: string;
  readonly sandbox: RunningSandbox;
  /** Writes the job file: these lines after name, manifests and base URL. */
  job(...lines: readonly string[]): Promise<void>;
  /** Writes a CSV manifest of videos into the drop folder; a text is written as it is. */
  drop(name: string, ids: readonly string[] | string): Promise<string>;
  run(options?: Partial<RunJobOptions>): Promise<JobResult>;
  /** Names below the drop folder, sorted. */
  names(): Promise<readonly string[]>;
  read(path: string): Promise<string>;
  /** IDs for which a DELETE arrived, in order. */
  asked(): readonly string[];
}

export async function newJobFolder(options: SandboxOptions = {}): Promise<JobFolder> {
  const folder = await temporaryFolder();
  const sandbox = await startSandbox({ acceptAnyId: true, port: 0, ...options });
  onTestFinished(() => sandbox.close());
  const file = join(folder, 'job.yaml');
  const stateDir = join(folder, 'state');
  const drop = join(folder, 'drop');
  await mkdir(drop);
  const folderOfJob: JobFolder = {
    folder,
    file,
    stateDir,
    sandbox,
    async job(...lines) {
      const own = ['name: nightly', 'manifests: drop', `baseUrl: ${sandbox.url}`, 'rate: 1000/s'];
      await writeFile(file, `${[...own, ...lines].join('\n')}\n`);
    },
    async drop(name, ids) {
      const path = join(drop, name);
      const text = typeof ids === 'string' ? ids : `id,kind\n${ids.map((id) => `${id},video\n`).join('')}`;
      await writeFile(path, text);
      return path;
    },
    async run(changes = {}) {
      const job = changes.job ?? (await readJob(file));
      return runJob({ job, stateDir, findKey: () => sandbox.apiKey, ...changes });
    },
    async names() {
      const entries = await readdir(drop, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name).slice(drop.length + 1))
        .toSorted();
    },
    read: (path) => readFile(join(folder, path), 'utf8'),
    asked: () => Object.keys(sandbox.state().perId),
  };
  await folderOfJob.job('limits: { deletions: 100 }', 'processed: move');
  return folderOfJob;
}

/** A clock that says this time (ISO 8601) at first and goes on from there. */
export function clockFrom(time: string): Clock {
  const shift = Date.parse(time) - systemClock.now();
  return { ...systemClock, now: () => systemClock.now() + shift };
}

/** `count` different IDs of videos. */
export function ids(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, index) =>
    (0xb000000 + from + index).toString(16).padStart(10, '0'),
  );
}

/** Acts at each event of this type, of any run of a job. */
export function whenever(type: PurgeEvent['type'], act: () => unknown): JobWatcher {
  async function follow(run: PurgeRun): Promise<void> {
    for await (const event of run) if (event.type === type) await act();
  }
  return { onRun: (run) => void follow(run) };
}
