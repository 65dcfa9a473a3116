/** Random manifests all the way to a saved plan: plan.csv holds exactly what the manifest says, each ID once. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import * as fc from 'fast-check';
import { PurgeError } from '../../src/errors.ts';
import { planPurge } from '../../src/index.ts';
import { damagedManifest, type FuzzFile, type FuzzResult } from './fuzz.ts';
import { readNaively, type NaiveRow } from './naive-reader.ts';

const columns = ['kind', 'id', 'mode', 'outcome'] as const;

/** Plans `runs` random manifests in `folder`, half of them with the invalid rows left out. */
export async function fuzzPlans(
  folder: string,
  options: { readonly runs: number; readonly seed: number },
): Promise<FuzzResult> {
  const tally = { cases: 0, read: 0, refused: 0 };
  const property = fc.asyncProperty(damagedManifest, fc.boolean(), async (file, skipInvalid) => {
    tally.cases += 1;
    const planned = await plannedBy(folder, file, skipInvalid);
    if (planned === undefined) tally.refused += 1;
    else if (planned > 0) tally.read += 1;
  });
  const report = await fc.check(property, { numRuns: options.runs, seed: options.seed });
  const failures = report.failed
    ? [`plans, seed ${options.seed}: ${String(report.errorInstance)} ${fc.stringify(report.counterexample)}`]
    : [];
  return { ...tally, failures };
}

/** How many deletions the plan has; `undefined` when it was refused. Throws when the plan is not what the file says. */
async function plannedBy(folder: string, file: FuzzFile, skipInvalid: boolean): Promise<number | undefined> {
  const path = join(folder, `manifest.${file.format}`);
  writeFileSync(path, file.bytes);
  try {
    const stateDir = join(folder, 'state');
    const plan = await planPurge({ manifests: [path], format: file.format, stateDir, skipInvalid });
    const rows = parse(readFileSync(join(plan.folder, 'plan.csv')), { columns: true }) as Record<
      string,
      string
    >[];
    rmSync(plan.folder, { recursive: true });
    const found = rows
      .filter(({ outcome }) => outcome !== 'skipped')
      .map((row) => columns.map((name) => row[name]));
    const expected = inPlanOrder(readNaively(file.format, file.bytes, undefined));
    const [shown, wanted] = [JSON.stringify(found), JSON.stringify(expected)];
    if (shown !== wanted) throw new Error(`planned ${shown}, expected ${wanted}`);
    return found.length;
  } catch (error) {
    if (error instanceof PurgeError && error.exitCode === 2) return undefined;
    throw error;
  }
}

/** Videos before replicas, each ID once. The same ID with two modes or kinds is never a plan. */
function inPlanOrder(rows: readonly NaiveRow[]): string[][] {
  const byId = new Map<string, NaiveRow>();
  for (const row of rows) {
    const earlier = byId.get(row.id);
    if (earlier === undefined) byId.set(row.id, row);
    else if (earlier.kind !== row.kind || earlier.mode !== row.mode)
      throw new Error(`${row.id} was planned twice`);
  }
  const each = [...byId.values()].map(({ kind, id, mode }) => [kind, id, mode, 'would_delete']);
  return [...each.filter(([kind]) => kind === 'video'), ...each.filter(([kind]) => kind === 'replica')];
}
