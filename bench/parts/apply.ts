import { atLeast, atMost, type Bench, type Finding, type Part, type Target } from '../bench.ts';
import { interleave, type Contender } from '../interleave.ts';
import { hashOfIds } from '../manifests.ts';
import type { Measurement } from '../measure.ts';
import { CONCURRENCY, waysToDelete, type Way, type Ways } from '../peers/ways-to-delete.ts';
import { ratios, rounded, shown, spread } from '../statistics.ts';

const ROWS = 200_000;
const QUICK_ROWS = 20_000;

const NAMES: Readonly<Record<keyof Ways, string>> = {
  tool: 'tavus-purge apply',
  curl: 'curl --parallel',
  xargs: 'xargs -P32 -n1 curl',
  hey: 'hey (one ID only)',
  dispatch: 'bare undici dispatch',
  request: 'bare undici request',
};
const KEYS = Object.keys(NAMES) as (keyof Ways)[];

/** What a way needed per ID, each repeat. */
interface Figures {
  readonly rows: number;
  readonly cpuUs: readonly number[];
  readonly wallUs: readonly number[];
  readonly peakMib: readonly number[];
}

export const apply: Part = {
  name: 'apply',
  title: 'Deleting without a rate limit',
  run: measureApply,
};

async function measureApply(bench: Bench): Promise<Finding> {
  const { options } = bench;
  const rows = options.rows ?? (options.quick ? QUICK_ROWS : ROWS);
  const repeats = options.repeats ?? (options.quick ? 3 : 5);
  bench.say('planning');
  const ways = await waysToDelete(bench, rows);
  const serverShares: number[] = [];
  const installed = KEYS.flatMap((key) => {
    const way = ways[key];
    return way === null ? [] : [{ key, way }];
  });
  const contenders = installed.map(({ key, way }): Contender<Measurement> => ({
    name: key,
    run: () => measureWay(bench, way, serverShares),
  }));
  const measured = await interleave(contenders, { repeats, say: bench.say });
  const figures = new Map(
    installed.map(({ key, way }) => [key, figuresOf(measured.get(key) ?? [], way.rows)]),
  );
  return {
    columns: [
      '',
      'IDs',
      'CPU µs per ID',
      'CPU to curl',
      'wall µs per ID',
      'wall to curl',
      'IDs a second',
      'peak MiB',
    ],
    rows: [...figures].map(([key, own]) => row(NAMES[key], own, figures.get('curl'))),
    targets: targets(figures),
    meaning: meaning(figures),
    notes: [
      `Concurrency ${CONCURRENCY}. ${repeats} repeats, interleaved. After each, the server was asked whether exactly these IDs had come, each once.`,
      'tavus-purge carries out a saved plan with everything on: each intent on disk before its request, outcomes, ledger, results, summary, log.',
      `curl gets its list from awk, which counts, and writes the status of each ID into a file. xargs starts one curl per ID, for a hundredth of them; its figures are per ID.`,
      'CPU is that of the process with all it started; memory that of the largest process.',
      ...(serverShares.length === 0
        ? []
        : [`The server was busy ${rounded(Math.max(...serverShares) * 100)} % of the time at most.`]),
    ],
    missing: KEYS.filter((key) => ways[key] === null).map((key) => `${NAMES[key]} is not installed`),
  };
}

async function measureWay(bench: Bench, way: Way, serverShares: number[]): Promise<Measurement> {
  const { server, measure } = bench;
  const command = way.prepare();
  await server.reset();
  const before = await server.report();
  const measurement = await measure(command);
  const { deletions, bad, idHash, cpuMs } = await server.report();
  if (cpuMs !== null) serverShares.push((cpuMs - (before.cpuMs ?? 0)) / measurement.wallMs);
  const hasRightIds = idHash === null || way.knowsOneId === true || idHash === hashOfIds(way.rows);
  if (deletions === way.rows && bad === 0 && hasRightIds) return measurement;
  throw new Error(
    `${command.file} did not delete each of ${way.rows} IDs once: ${deletions} came, ${bad} bad`,
  );
}

function figuresOf(measurements: readonly Measurement[], rows: number): Figures {
  return {
    rows,
    cpuUs: measurements.map(({ cpuMs }) => (cpuMs * 1e3) / rows),
    wallUs: measurements.map(({ wallMs }) => (wallMs * 1e3) / rows),
    peakMib: measurements.map(({ peakMib }) => peakMib),
  };
}

function row(name: string, own: Figures, curl: Figures | undefined): string[] {
  const { rows, cpuUs, wallUs, peakMib } = own;
  return [
    name,
    rows.toLocaleString('en-US'),
    shown(spread(cpuUs)),
    curl === undefined ? '' : shown(ratios(cpuUs, curl.cpuUs)),
    shown(spread(wallUs)),
    curl === undefined ? '' : shown(ratios(wallUs, curl.wallUs)),
    rounded(1e6 / spread(wallUs).median),
    shown(spread(peakMib)),
  ];
}

function targets(figures: ReadonlyMap<keyof Ways, Figures>): Target[] {
  const tool = figures.get('tool');
  const curl = figures.get('curl');
  const xargs = figures.get('xargs');
  if (tool === undefined || curl === undefined || xargs === undefined) return [];
  const cpu = ratios(tool.cpuUs, curl.cpuUs);
  const wall = ratios(tool.wallUs, curl.wallUs);
  const saved = ratios(xargs.cpuUs, tool.cpuUs);
  return [
    atMost('1. CPU per ID, against curl --parallel', cpu, { goal: 1, must: 1.4, unit: ' ×' }),
    atMost('1. Wall time, against curl --parallel', wall, { goal: 1, must: 2, unit: ' ×' }),
    atLeast('1. CPU per ID of xargs -P32 -n1 curl, against it', saved, { goal: 20, must: 20, unit: ' ×' }),
  ];
}

function meaning(figures: ReadonlyMap<keyof Ways, Figures>): string[] {
  const tool = figures.get('tool');
  const curl = figures.get('curl');
  if (tool === undefined || curl === undefined) return [];
  return [
    `If the API took everything at once, a million IDs would take ${minutes(tool)} with tavus-purge, every attempt and outcome durable, and ${minutes(curl)} with a script around curl that keeps no such record. At the default rate of 5/s they take more than two days, whatever sends them.`,
  ];
}

function minutes({ wallUs }: Figures): string {
  return `${rounded((spread(wallUs).median * 1e6) / 6e7)} minutes`;
}
