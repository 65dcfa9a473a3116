import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { atLeast, atMost, needsArrivals, type Bench, type Finding, type Part } from '../bench.ts';
import type { Arrivals } from '../fast-server.ts';
import { writeManifest } from '../manifests.ts';
import { savedPlan } from '../product.ts';
import { rounded, spread } from '../statistics.ts';
import { mostInWindow } from '../windows.ts';

/** How much of a window may be lost between our clock and the server's. */
const NETWORK_MS = 40;
const SHORT_MS = 100;
const OBSERVER = pathToFileURL(join(import.meta.dirname, '..', 'peers', 'observe-sends.ts'));

interface Limit {
  readonly rate: string;
  readonly count: number;
  readonly windowMs: number;
  /** How many windows' worth of requests are sent. */
  readonly windows: number;
  readonly quickWindows: number;
}

const LIMITS: readonly Limit[] = [
  { rate: '5/s', count: 5, windowMs: 1_000, windows: 20, quickWindows: 10 },
  // Longer, since the CPU is judged here: compiling counts for less then.
  { rate: '50/s', count: 50, windowMs: 1_000, windows: 120, quickWindows: 10 },
  { rate: '500/s', count: 500, windowMs: 1_000, windows: 30, quickWindows: 10 },
  { rate: '2000/s', count: 2_000, windowMs: 1_000, windows: 30, quickWindows: 10 },
  { rate: '300/m', count: 300, windowMs: 60_000, windows: 10, quickWindows: 2 },
];
const CPU_JUDGED_AT = '50/s';
const LEAST = join(import.meta.dirname, '..', 'peers', 'least-at-rate.ts');
/** So many that a rate is not kept down by the time that a sync of the disk takes. */
const CONCURRENCY = 128;

interface Pace {
  readonly limit: Limit;
  readonly requests: number;
  /** The most requests in any window at the moment of sending, and in a window `NETWORK_MS` short at the server. */
  readonly mostSent: number;
  readonly mostArrived: number;
  /** The most in any 100 ms at the moment of sending, and how many may be. */
  readonly mostShort: number;
  readonly allowedShort: number;
  /** Of the limit, from the first request to the last. */
  readonly share: number;
  /** CPU time of the process as a part of one core, from the first request to the last. */
  readonly cpuShare: number;
}

export const rate: Part = {
  name: 'rate',
  title: 'Keeping a rate limit',
  run: measureRates,
};

async function measureRates(bench: Bench): Promise<Finding> {
  const { arrivals } = bench.server;
  if (arrivals === null) return needsArrivals(bench.server);
  const paces: Pace[] = [];
  for (const limit of LIMITS) {
    const windows = bench.options.quick ? limit.quickWindows : limit.windows;
    bench.say(`${limit.rate} for ${windows} windows`);
    paces.push(await measurePace(bench, arrivals, { limit, rows: limit.count * windows }));
  }

  bench.say(`the least at ${CPU_JUDGED_AT}`);
  const least = await measureLeast(bench);

  const worst = (of: (pace: Pace) => number): number => Math.max(...paces.map(of));
  const cpu = paces.find(({ limit }) => limit.rate === CPU_JUDGED_AT)?.cpuShare ?? Number.NaN;
  const never = { goal: 1, must: 1, unit: ' × the limit' };
  return {
    columns: [
      'limit',
      'requests',
      'most in a window, sent',
      `most in a window less ${NETWORK_MS} ms, at the server`,
      'most in 100 ms, sent',
      'of these allowed',
      'share of the limit reached',
      'CPU, share of a core',
    ],
    rows: paces.map((pace) => [
      pace.limit.rate,
      pace.requests.toLocaleString('en-US'),
      String(pace.mostSent),
      String(pace.mostArrived),
      String(pace.mostShort),
      String(pace.allowedShort),
      percent(pace.share),
      percent(pace.cpuShare),
    ]),
    targets: [
      atMost(
        '4. Most in any window when sent',
        spread([worst(({ mostSent, limit }) => mostSent / limit.count)]),
        never,
      ),
      atMost(
        `4. Most in any window less ${NETWORK_MS} ms at the server`,
        spread([worst(({ mostArrived, limit }) => mostArrived / limit.count)]),
        never,
      ),
      atMost(
        '4. Most in any 100 ms when sent, against a fifth of a second’s worth plus one',
        spread([worst(({ mostShort, allowedShort }) => mostShort / allowedShort)]),
        { goal: 1, must: 1, unit: ' ×' },
      ),
      atLeast('4. Share of the limit reached', spread([Math.min(...paces.map(({ share }) => share * 100))]), {
        goal: 99,
        must: 99,
        unit: ' %',
      }),
      atMost(`4. CPU at ${CPU_JUDGED_AT}, of one core`, spread([cpu * 100]), {
        goal: 3,
        must: 3,
        unit: ' %',
      }),
    ],
    meaning: [
      'A limit that the API sets is used fully and never passed, in whatever window it is counted, where its targets are met. Requests come a few at a time, never a window’s worth at once.',
    ],
    notes: [
      `At ${CPU_JUDGED_AT} a program that only waits, commits to SQLite, sends with undici and commits again, one request after the other, needs ${percent(least)} of a core, measured right after.`,
      `Sent is the moment at which the client hands the request to its socket, in the real program. Both are sliding windows: one begins at each request. Concurrency ${CONCURRENCY}.`,
      'Share and CPU count from the first request to the last; writing the results is not in them.',
    ],
    missing: bench.options.quick ? ['ten windows of 300/m, since less was asked for'] : [],
  };
}

/** CPU that any durable record costs at the rate where it is judged, as a part of one core. */
async function measureLeast({ scratch, measure, server, options }: Bench): Promise<number> {
  const limit = LIMITS.find(({ rate: name }) => name === CPU_JUDGED_AT);
  if (limit === undefined) throw new Error(`nothing is measured at ${CPU_JUDGED_AT}`);
  const requests = limit.count * (options.quick ? limit.quickWindows : limit.windows);
  const [database, stdoutFile] = [join(scratch, 'least.db'), join(scratch, 'least')];
  const args = [LEAST, server.baseUrl, String(requests), String(limit.count), database];
  await measure({ file: process.execPath, args, stdoutFile });
  return Number(readFileSync(stdoutFile, 'utf8'));
}

async function measurePace(
  { scratch, product, measure, server }: Bench,
  arrivals: Arrivals,
  { limit, rows }: { readonly limit: Limit; readonly rows: number },
): Promise<Pace> {
  const [manifest, state, sends, arrived] = ['manifest.csv', 'state', 'sends', 'arrivals'].map((name) =>
    join(scratch, name),
  ) as [string, string, string, string];
  rmSync(state, { recursive: true, force: true });
  writeManifest(manifest, 'csv', rows);
  await measure(product.plan(manifest, state));
  const observer = new URL(OBSERVER);
  observer.searchParams.set('file', sends);
  const { file, args } = product.apply(savedPlan(state), limit.rate, CONCURRENCY);
  await server.reset();
  await measure({ file, args: ['--import', observer.href, ...args] });
  await arrivals.write(arrived);

  const noted = new Float64Array(bytesOf(sends));
  const sentMs = Array.from(
    noted.filter((_, index) => index % 2 === 0),
    (ns) => ns / 1e6,
  );
  const arrivedMs = Array.from(new BigInt64Array(bytesOf(arrived)), (ns) => Number(ns) / 1e6);
  if (sentMs.length !== rows || arrivedMs.length !== rows) {
    throw new Error(`${sentMs.length} of ${rows} requests were sent, ${arrivedMs.length} arrived`);
  }
  const spanMs = (sentMs.at(-1) ?? 0) - (sentMs[0] ?? 0);
  const cpuMs = ((noted.at(-1) ?? 0) - (noted[1] ?? 0)) / 1e3;
  return {
    limit,
    requests: rows,
    mostSent: mostInWindow(sentMs, limit.windowMs),
    mostArrived: mostInWindow(arrivedMs, limit.windowMs - NETWORK_MS),
    mostShort: mostInWindow(sentMs, SHORT_MS),
    allowedShort: Math.floor((limit.count * 1_000) / limit.windowMs / 5) + 1,
    share: ((rows - 1) * limit.windowMs) / spanMs / limit.count,
    cpuShare: cpuMs / spanMs,
  };
}

/** A buffer of its own, so that its numbers lie where they must. */
function bytesOf(file: string): ArrayBuffer {
  return new Uint8Array(readFileSync(file)).buffer;
}

function percent(share: number): string {
  return `${rounded(share * 100)} %`;
}
