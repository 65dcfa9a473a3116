import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { eachLimited } from '../../src/execute/each-limited.ts';
import { applyPlan, planPurge, resumeRun, type RunEnd } from '../../src/index.ts';
import { brokenPromises, type Meant } from '../crash/oracle.ts';
import type { ProofBudget, ProofResult } from '../helpers/proof.ts';
import { startRawServer } from '../tavus/raw-server.ts';
import { hasOpenssl, makeCertificates, type Certificates } from './certificates.ts';
import { startFaultyServer, type FaultyServer } from './faulty-server.ts';
import { POSITIONS, SHAPES, type Position, type Shape } from './shapes.ts';

const API_KEY = 'tcp-faults-key-0001';
const MEANT: readonly Meant[] = ['soft', 'soft', 'hard', 'soft'].map((mode, index) => ({
  id: `a00000000${index}`,
  mode: mode === 'hard' ? 'hard' : 'soft',
}));
/** Two for each ID: so few that the breaker, which would wait, stays closed. */
const ATTEMPTS = 2;
const TIMEOUT_MS = 1_000;
/** Attempts, one after the other, with the longest backoffs, and as much again for a busy machine. */
const LONGEST_MS = 2 * ((MEANT.length / 2) * ATTEMPTS * (TIMEOUT_MS + 500)) + 5_000;
/** How much this process, with the program and the servers in it, may grow. */
const MOST_GROWTH = 256 * 2 ** 20;
const AT_ONCE = 6;

interface Case {
  readonly shape: Shape;
  readonly position: Position;
  readonly applies: boolean;
}

/** Every case once, or as many as `budget.seeds`, evenly spread; several at a time, since most of it is waiting. */
export async function proveTcpFaults(budget: ProofBudget): Promise<ProofResult> {
  const certificates = hasOpenssl() ? makeCertificates() : null;
  const trusted = getCACertificates('default');
  const cases = allCases().filter(({ shape }) => shape.certificate === undefined || certificates !== null);
  const stride = Math.max(1, cases.length / budget.seeds);
  const chosen = cases.filter((_, index) => Math.floor(index / stride) !== Math.floor((index - 1) / stride));
  const failures: string[] = [];
  const sum = { cases: 0, met: 0, requests: 0, slowestMs: 0, mostMemory: 0 };
  const memory = process.memoryUsage.rss();
  const evil = await startRawServer(() => {});
  if (certificates !== null) setDefaultCACertificates([...trusted, certificates.authority]);
  try {
    await eachLimited(
      chosen,
      async (each) => {
        const ran = await runCase(each, { evilOrigin: evil.origin, certificates });
        sum.cases += 1;
        sum.met += ran.met;
        sum.requests += ran.requests;
        sum.mostMemory = Math.max(sum.mostMemory, process.memoryUsage.rss());
        sum.slowestMs = Math.max(sum.slowestMs, ran.ms);
        failures.push(...ran.problems.map((problem) => `${nameOf(each)}: ${problem}`));
      },
      { concurrency: AT_ONCE, isStopped: () => performance.now() > budget.until },
    );
    if (sum.mostMemory - memory > MOST_GROWTH)
      failures.push(`memory grew from ${memory} to ${sum.mostMemory} bytes`);
    if (evil.connections() > 0) failures.push(`the other host was asked ${evil.connections()} times`);
  } finally {
    setDefaultCACertificates(trusted);
    await evil.close();
  }
  const shapes = new Set(chosen.map(({ shape }) => shape.name)).size;
  const without = certificates === null ? ', TLS left out for want of openssl' : '';
  return {
    figures: `${sum.cases} runs with ${shapes} shapes met ${sum.met} times, ${sum.requests} requests, slowest ${Math.round(sum.slowestMs)} ms, memory grew by ${Math.round((sum.mostMemory - memory) / 2 ** 20)} MiB${without}`,
    failures,
  };
}

function allCases(): Case[] {
  return SHAPES.flatMap((shape) =>
    POSITIONS.flatMap((position) =>
      [true, false]
        .filter((applies) => !Number.isNaN(expectedCode({ shape, position, applies })))
        // A connection on which no request is read carries none out.
        .filter((applies) => !applies || shape.answer !== undefined)
        .map((applies) => ({ shape, position, applies })),
    ),
  );
}

function nameOf({ shape, position, applies }: Case): string {
  return `${shape.name}, ${position} request, ${applies ? 'carried out' : 'ignored'} by the server`;
}

function expectedCode({ shape, position, applies }: Case): number {
  const codes = shape.exitCodes[position === 'every' ? 'every' : 'one'];
  return applies ? codes.applied : codes.ignored;
}

interface Ran {
  readonly met: number;
  readonly requests: number;
  readonly ms: number;
  readonly problems: readonly string[];
}

async function runCase(
  each: Case,
  given: { readonly evilOrigin: string; readonly certificates: Certificates | null },
): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), 'tavus-purge-tcp-'));
  const server = await startFaultyServer({ ...each, ...given, ids: MEANT.map(({ id }) => id) });
  try {
    return await judgeCase(each, server, folder);
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function judgeCase(each: Case, server: FaultyServer, folder: string): Promise<Ran> {
  const stateDir = join(folder, 'state');
  const manifest = join(folder, 'manifest.csv');
  writeFileSync(manifest, `id,kind,mode\n${MEANT.map(({ id, mode }) => `${id},video,${mode}\n`).join('')}`);
  const {
    runId,
    folder: runFolder,
    header,
  } = await planPurge({
    manifests: [manifest],
    stateDir,
    baseUrl: server.origin,
    settings: {
      rate: { count: 1_000, windowMs: 1_000 },
      concurrency: 2,
      attempts: ATTEMPTS,
      timeoutMs: TIMEOUT_MS,
    },
  });
  const problems: string[] = [];
  const judge = (end: RunEnd): void => {
    const { complete } = end.summary;
    problems.push(...brokenPromises({ folder: runFolder, meant: MEANT, truth: server, complete }));
  };
  const startedAt = performance.now();
  const end = await applyPlan({ stateDir, run: runId, apiKey: API_KEY, confirm: header.planId }).finished;
  const ms = performance.now() - startedAt;
  judge(end);

  const { exitCode, complete, stopReason } = end.summary;
  const expected = expectedCode(each);
  if (exitCode !== expected) problems.push(`exit code ${exitCode} (${stopReason}), not ${expected}`);
  if (ms > LONGEST_MS) problems.push(`took ${Math.round(ms)} ms`);
  if (server.mostBytes() > (each.shape.mostBytes ?? Infinity))
    problems.push(`one connection took ${server.mostBytes()} bytes`);
  if (server.met() === 0 && each.shape.certificate !== 'good') problems.push('the shape was never met');
  if (server.requests.length > MEANT.length * ATTEMPTS) problems.push(`${server.requests.length} requests`);
  if (!complete) {
    server.heal();
    const resumed = await resumeRun({ stateDir, run: runId, apiKey: API_KEY }).finished;
    judge(resumed);
    if (!resumed.summary.complete) problems.push('resume did not complete the run');
  }
  return { met: server.met(), requests: server.requests.length, ms, problems };
}
