import type { ProofBudget, ProofResult } from '../helpers/proof.ts';
import { FaultyFolder } from './faulty-folder.ts';
import { recover } from './recover.ts';
import { FaultControl, whyNoStorageFaults, type StorageFault } from './storage-fault-shim.ts';
import { isManifestRefused, mayGoUnnoticed, placeOf, STORAGE, WITHOUT_FAULT } from './storage-places.ts';
import { videos, World } from './world.ts';

const SERIES: readonly Omit<StorageFault, 'at'>[] = [
  { fault: 'ENOSPC', forEver: true },
  { fault: 'EIO', forEver: false },
];
/** More operations than an apply of five IDs has. */
const OPERATIONS = 200;
const CONCURRENCY = 2;

/** The same with the real program: about `budget.seeds` processes, whose exit code and words count. */
export async function proveFaultyProcesses(budget: ProofBudget): Promise<ProofResult> {
  const why = whyNoStorageFaults();
  if (why !== null) return { figures: `no processes: ${why}`, failures: [] };
  const stride = Math.max(1, Math.ceil((OPERATIONS * SERIES.length) / budget.seeds));
  const failures: string[] = [];
  const counts = { runs: 0, refused: 0 };
  using folder = new FaultyFolder();
  using control = new FaultControl(folder.controlFile, { create: false });
  for (const series of SERIES) {
    for (let at = Math.ceil(stride / 2); at <= OPERATIONS && performance.now() < budget.until; at += stride) {
      const { exitCode, place, problems } = await runProcess({ ...series, at }, folder, control);
      counts.runs += 1;
      if (exitCode === STORAGE) counts.refused += 1;
      const name = `the program, ${series.fault}${series.forEver ? ' for ever' : ''}, operation ${at} (${place})`;
      failures.push(...problems.map((problem) => `${name}: ${problem}`));
    }
  }
  if (counts.refused === 0 && counts.runs > 0)
    failures.push('no process noticed a failure: nothing was proven');
  return { figures: `${counts.runs} processes, ${counts.refused} ended with exit code 8`, failures };
}

async function runProcess(
  fault: StorageFault,
  { root, env }: FaultyFolder,
  control: FaultControl,
): Promise<{
  readonly exitCode: number | null;
  readonly place: string;
  readonly problems: readonly string[];
}> {
  const meant = videos(5);
  const [, lost, refused] = meant.map(({ id }) => id);
  const script = { [lost ?? '']: ['reset-after'], [refused ?? '']: ['422'] };
  await using world = await World.open({ parent: root, env, script });
  const { sandbox, stateDir } = world;
  const saved = await world.plan(meant, { concurrency: CONCURRENCY, attempts: 1 });
  control.arm(fault);
  const { code, stderr } = await world.apply(saved).ended;
  const report = control.disarm();

  const problems: string[] = [];
  const place = placeOf(report);
  // From the clock of the requests (ms since 1970) to that of the faults.
  const offset = Number(process.hrtime.bigint()) / 1e6 - performance.now() - performance.timeOrigin;
  const late = sandbox
    .requests()
    .filter(({ at }) => report.fired > 0 && at + offset > report.firedAtMs).length;
  const isHarmless = report.fired === 0 || mayGoUnnoticed(place, fault, late);
  const isDone = code === WITHOUT_FAULT.apply;
  const isExpected = code === STORAGE || (isHarmless && isDone) || isManifestRefused('apply', code, stderr);
  if (!isExpected) problems.push(`exit code ${code}: ${stderr}`);
  if (!isHarmless && late > CONCURRENCY) problems.push(`${late} requests arrived after the failure`);
  if (code !== 0 && !/^next: /m.test(stderr)) problems.push(`no next step was said: ${stderr}`);
  if (!isDone) problems.push(...(await recover({ saved, stateDir, apiKey: sandbox.apiKey })));
  problems.push(...world.broken(saved.folder, meant, true));
  return { exitCode: code, place, problems };
}
