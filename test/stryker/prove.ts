import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Proof, ProofResult } from '../helpers/proof.ts';
import { judge, type MutationReport } from './score.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const STRYKER = join(ROOT, 'node_modules/@stryker-mutator/core/bin/stryker.js');
/** Where Stryker's JSON reporter writes. */
const REPORT = join(ROOT, 'reports/mutation/mutation.json');

/** The tests on trial: Stryker changes what stryker.config.js names in every small way. Takes its time, whatever the budget. */
export const proof: Proof = {
  name: 'stryker',
  promises: [
    'no small change to the code that reads answers, builds URLs, guards, paces and judges IDs gets past its tests',
  ],
  fullSeeds: 1,
  async run(): Promise<ProofResult> {
    // An older report must not speak for this run.
    await rm(REPORT, { force: true });
    const stryker = spawn(process.execPath, [STRYKER, 'run', '--reporters', 'json'], {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const [code] = (await once(stryker, 'exit')) as [number | null];
    const report = await readFile(REPORT, 'utf8').catch(() => undefined);
    if (report === undefined) {
      return {
        figures: 'no report',
        failures: [`Stryker ended with ${String(code)} before it had a report`],
      };
    }
    const { figures, failures } = judge(JSON.parse(report) as MutationReport);
    if (code === 0 || failures.length > 0) return { figures, failures };
    return { figures, failures: [`Stryker found nothing, but ended with ${String(code)}`] };
  },
};
