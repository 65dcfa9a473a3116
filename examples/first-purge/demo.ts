/**
 * The whole of tavus-purge in ten seconds, on nothing real: the program's own processes against the sandbox API on a
 * free port of this machine. The sandbox makes some trouble, so that the results show more than success.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { styleText } from 'node:util';

const HERE = import.meta.dirname;
const PROGRAM = join(HERE, '..', '..', 'bin', 'tavus-purge.js');
const FOLDER = join(HERE, '..', '..', '.demo');
const KEY = 'sandbox-key-0001';

/** What the first requests for these IDs meet; afterwards they behave. */
const TROUBLE = {
  b765f5934a: ['429:2'],
  '7847653acc': ['503'],
  eaea8a8b59: ['reset-after'],
  '387a0f17c5': ['403'],
};

rmSync(FOLDER, { recursive: true, force: true });
const sandbox = spawn(process.execPath, [PROGRAM, 'sandbox', '--port', '0'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const baseUrl = await urlOf(sandbox);
  await fetch(`${baseUrl}/__sandbox/options`, { method: 'POST', body: JSON.stringify({ script: TROUBLE }) });
  process.exitCode = await demonstrate(baseUrl);
} finally {
  // Nothing that it holds is worth a clean end.
  sandbox.kill('SIGKILL');
}

async function demonstrate(baseUrl: string): Promise<number> {
  const manifest = join('examples', 'first-purge', 'manifest.csv');
  const holds = join('examples', 'first-purge', 'holds.csv');
  const common = ['--base-url', baseUrl, '--state-dir', FOLDER];

  heading('1. Plan: what would be deleted. This never deletes anything.');
  await run(['plan', manifest, '--hold', holds, ...common]);
  const [planned] = JSON.parse(
    await output(['runs', 'list', '--json', '--state-dir', FOLDER]),
  ) as PlannedRun[];
  if (planned === undefined) return 1;

  heading(
    '2. Apply: delete exactly that. The sandbox answers some requests with 429, 503, 403 or not at all.',
  );
  const exitCode = await run([
    'apply',
    planned.runId,
    '--confirm',
    planned.header.planId.slice(0, 8),
    ...common,
  ]);

  heading('3. Results: a row for every ID.');
  const folder = join(FOLDER, 'runs', planned.runId);
  const results = readFileSync(join(folder, 'results.csv'), 'utf8').trimEnd().split('\n');
  const rows = results.map((row) => {
    const [kind, id, mode, outcome, detail, status, attempts] = row.split(',');
    return [kind, id, mode, outcome, status, attempts, detail].map((cell) => cell ?? '');
  });
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of rows) {
    console.log(`  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
  }
  console.log(`\nThe files of this run lie in ${relative(process.cwd(), folder)}`);

  heading('4. The truth: what the sandbox really deleted.');
  const { deleted } = (await (await fetch(`${baseUrl}/__sandbox/state`)).json()) as { deleted: Deleted[] };
  for (const { kind, id, mode } of deleted) console.log(`  ${kind.padEnd(7)}  ${id.padEnd(12)}  ${mode}`);

  // One ID is unknown and one is forbidden, so the run must end with 3: partial failure is never 0.
  console.log(`\nExit code ${exitCode}: finished, some rows are not fine. (Here that is as it should be.)`);
  return exitCode === 3 ? 0 : 1;
}

interface PlannedRun {
  readonly runId: string;
  readonly header: { readonly planId: string };
}

interface Deleted {
  readonly kind: string;
  readonly id: string;
  readonly mode: string;
}

function heading(text: string): void {
  console.log(`\n${styleText('bold', text)}\n`);
}

/** The program, in front of the reader. */
async function run(args: readonly string[]): Promise<number> {
  const shown = args.map((arg) => (arg.includes(FOLDER) ? '.demo' : arg)).join(' ');
  console.log(`${styleText('dim', `$ tavus-purge ${shown}`)}\n`);
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: 'inherit', env: environment() });
  const [code] = await once(child, 'exit');
  return Number(code);
}

/** What the program prints on stdout. */
async function output(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: environment(),
  });
  let text = '';
  for await (const chunk of child.stdout) text += String(chunk);
  return text;
}

/** Nothing of the reader's own settings may lead the demo to a real account. */
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('TAVUS_'));
  return { ...Object.fromEntries(own), TAVUS_API_KEY: KEY };
}

async function urlOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the sandbox has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error('the sandbox did not start');
}
