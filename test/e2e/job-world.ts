import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import type { SandboxOptions } from '../../src/sandbox/options.ts';
import { startProgram, type Ended, type Started } from '../cli/process.ts';
import { newCanary, type Canary } from '../helpers/canary.ts';
import { startSandboxProcess, type SandboxProcess } from '../helpers/sandbox-process.ts';

const SHIFT_CLOCK = pathToFileURL(resolve(import.meta.dirname, '../helpers/shift-clock.ts')).href;

/** What a webhook was told, as far as these tests look at it. */
interface Told {
  readonly event: string;
  readonly exitCode: number;
  readonly exitName: string;
  readonly why: string;
  readonly next: string | null;
  readonly trigger: string;
  readonly runs: readonly { readonly continued: boolean; readonly summary: { readonly runId: string } }[];
  readonly backlog: {
    readonly manifests: number;
    readonly entries: number;
    readonly oldestAt: string | null;
  };
}

/**
 * A job file with a drop folder, a sandbox in a process of its own, a receiver of notifications, and the real program
 * whose wall clock says what the test wants.
 */
export interface JobWorld extends AsyncDisposable {
  readonly folder: string;
  readonly drop: string;
  readonly file: string;
  readonly stateDir: string;
  readonly sandbox: SandboxProcess;
  readonly canary: Canary;
  /** Paths of all pings, in order. */
  readonly pings: readonly string[];
  readonly told: readonly Told[];
  /** Writes a CSV manifest of videos into the drop folder, as of this time. */
  manifest(name: string, ids: readonly string[], at?: number): Promise<string>;
  /** `tavus-purge <args>` with a wall clock that begins at `at` (ms since 1970), or the real one. */
  start(args: readonly string[], at?: number): Started;
  run(args: readonly string[], at?: number): Promise<Ended>;
  /** The names in a folder below the drop folder, sorted; none when it is not there. */
  names(folder?: string): Promise<readonly string[]>;
  /** How many DELETEs have arrived. */
  requests(): Promise<number>;
  /** Waits until so many have. */
  untilRequests(count: number): Promise<void>;
  /** Where the key is in what was written, printed or shown by the system; empty is good. */
  leaks(): Promise<readonly string[]>;
}

export interface WorldOptions {
  /** Lines of the job file, beside those that every world has. */
  readonly job?: readonly string[];
  readonly sandbox?: SandboxOptions;
  readonly env?: Readonly<Record<string, string>>;
}

export async function openJobWorld(options: WorldOptions = {}): Promise<JobWorld> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'tavus-purge-job-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const canary = newCanary();
  const sandbox = opened.use(
    await startSandboxProcess({ acceptAnyId: true, apiKeys: [canary.key], ...options.sandbox }),
  );
  const pings: string[] = [];
  const told: Told[] = [];
  const origin = await listen(opened, async (request) => {
    const body = await text(request);
    if (request.url === '/hook') told.push(JSON.parse(body) as Told);
    else pings.push(request.url ?? '');
  });
  const drop = join(folder, 'drop');
  await mkdir(drop);
  const file = join(folder, 'nightly.yaml');
  const lines = [
    'name: nightly',
    'manifests: drop',
    'limits: { deletions: 500 }',
    `baseUrl: ${sandbox.url}`,
    `notify: { ping: "${origin}/check", webhook: { url: "${origin}/hook" } }`,
    ...(options.job ?? ['processed: move', 'rate: 1000/s']),
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const stateDir = join(folder, 'state');
  const start = (args: readonly string[], at?: number): Started => {
    const clock =
      at === undefined ? {} : { NODE_OPTIONS: `--import=${SHIFT_CLOCK}`, TEST_CLOCK_STARTS_AT: String(at) };
    const env = { TAVUS_API_KEY: canary.key, TAVUS_PURGE_STATE_DIR: stateDir, ...clock, ...options.env };
    const started = startProgram(args, env);
    canary.watch(started.child);
    return started;
  };
  const requests = async (): Promise<number> => (await sandbox.state()).requests.total;
  const resources = opened.move();
  return {
    folder,
    drop,
    file,
    stateDir,
    sandbox,
    canary,
    pings,
    told,
    async manifest(name, ids, at) {
      const path = join(drop, name);
      await writeFile(path, `id,kind\n${ids.map((id) => `${id},video\n`).join('')}`);
      if (at !== undefined) await utimes(path, at / 1_000, at / 1_000);
      return path;
    },
    start,
    run: (args, at) => start(args, at).ended,
    async names(below = '.') {
      const path = join(drop, below);
      if (!existsSync(path)) return [];
      const entries = await readdir(path, { withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map(({ name }) => name)
        .toSorted();
    },
    requests,
    async untilRequests(count) {
      while ((await requests()) < count) await new Promise((resolve) => setTimeout(resolve, 10));
    },
    leaks: async () => [...canary.hitsOfProcesses(), ...(await canary.hitsBelow(folder))],
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** A server on this machine that answers every request with 200, once it was heard: its origin. */
async function listen(
  opened: AsyncDisposableStack,
  hear: (request: IncomingMessage) => Promise<void>,
): Promise<string> {
  const server = createServer((request, response) => {
    void hear(request).then(() => response.end('OK'));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  opened.defer(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

/** The values of a metrics file, by name and labels other than the job's. */
export async function readMetrics(path: string): Promise<ReadonlyMap<string, number>> {
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line.startsWith('tavus_purge_'));
  return new Map(
    lines.map((line) => {
      const [, name = '', labels = '', value = ''] = /^tavus_purge_(\w+)\{(.*)\} (\S+)$/.exec(line) ?? [];
      const others = labels.replace(/job_name="[^"]*",?/, '');
      return [others === '' ? name : `${name}{${others}}`, Number(value)];
    }),
  );
}
