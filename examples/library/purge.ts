/**
 * The public library in one program: plan, apply with the events of the run, stop half-way by an AbortSignal, resume.
 * Nothing real is touched: it starts the sandbox API on a free port of this machine.
 *
 *     npx -c 'node examples/library/purge.ts'
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
// In a program of your own: from 'tavus-purge'.
import { applyPlan, planPurge, PurgeError, resumeRun, type PurgeRun } from '../../src/index.ts';

/** The key of the sandbox. A real one comes from a secret store, never from the source. */
const API_KEY = 'sandbox-key-0001';
const MANIFEST = ['id,kind', '1ee1c95345,video', 'b765f5934a,video', '050fb71163,video', '7847653acc,video'];

const folder = await mkdtemp(join(tmpdir(), 'tavus-purge-example-'));
const sandbox = spawn(
  process.execPath,
  [join(import.meta.dirname, '..', '..', 'bin', 'tavus-purge.js'), 'sandbox', '--port', '0'],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
try {
  await purge(await urlOf(sandbox));
} catch (error) {
  if (!(error instanceof PurgeError)) throw error;
  // Refused or interrupted: the message says why, `next` what to do, `exitCode` is that of the command line.
  console.error(`${error.kind}: ${error.message} ${error.next ?? ''}`);
  process.exitCode = error.exitCode;
} finally {
  sandbox.kill('SIGKILL');
  await rm(folder, { recursive: true });
}

async function purge(baseUrl: string): Promise<void> {
  const manifest = join(folder, 'manifest.csv');
  await writeFile(manifest, `${MANIFEST.join('\n')}\n`);
  const at = { stateDir: join(folder, 'state'), baseUrl, apiKey: API_KEY };

  const plan = await planPurge({ ...at, manifests: [manifest], guards: { maxDeletions: 10 } });
  for (const { id, mode } of plan.preview.first) console.log(`planned  ${id} ${mode}`);

  // `confirm` says that exactly this list was reviewed. Here a program decides, so the caps above are what protects.
  const stop = new AbortController();
  const run = applyPlan({
    ...at,
    run: plan.runId,
    confirm: plan.header.planId,
    settings: { concurrency: 1 },
    signal: stop.signal,
  });
  const first = await follow(run, () => {
    // Any reason will do: a deploy, a time window that closes, a person. What is in flight still finishes.
    stop.abort();
  });
  console.log(`ended    exit code ${first.exitCode}, complete ${first.complete}`);
  if (first.complete) return;

  const { exitCode, complete, counts } = await follow(resumeRun({ ...at, run: plan.runId }));
  console.log(`resumed  exit code ${exitCode}, complete ${complete}, deleted ${counts.deleted}`);
  process.exitCode = exitCode;
}

/** Shows each outcome as it comes; the events may also be ignored, `finished` is enough. */
async function follow(
  run: PurgeRun,
  onOutcome: () => void = () => {},
): Promise<Awaited<PurgeRun['finished']>['summary']> {
  for await (const event of run) {
    if (event.type === 'outcome') {
      console.log(`outcome  ${event.id} ${event.outcome}`);
      onOutcome();
    }
  }
  const { summary } = await run.finished;
  return summary;
}

/** The address that the sandbox prints. */
async function urlOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the sandbox has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error('the sandbox did not start');
}
