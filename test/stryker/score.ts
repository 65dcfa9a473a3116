import type { ProofResult } from '../helpers/proof.ts';

/** What we read of Stryker's JSON report (mutation-testing-report-schema). */
export interface MutationReport {
  readonly files: Readonly<Record<string, { readonly mutants: readonly Mutant[] }>>;
}

interface Mutant {
  readonly status: string;
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly location: { readonly start: { readonly line: number; readonly column: number } };
}

const NOTICED: ReadonlySet<string> = new Set(['Killed', 'Timeout']);

/** The score of each file, and every change that went unnoticed with its place. A change that is not tested counts as one. */
export function judge(report: MutationReport): ProofResult {
  const files = Object.entries(report.files);
  const all = files.flatMap(([, { mutants }]) => mutants);
  const hung = all.filter(({ status }) => status === 'Timeout').length;
  const scores = files.map(([file, { mutants }]) => `${file.replace(/^src\//, '')} ${scoreOf(mutants)}`);
  const failures = files.flatMap(([file, { mutants }]) =>
    mutants.filter((mutant) => !NOTICED.has(mutant.status)).map((mutant) => sentence(file, mutant)),
  );
  if (all.length === 0) failures.push('asleep: nothing was mutated');
  return {
    figures: `${all.length} mutants, ${hung} of them noticed by a time-out; ${scores.join(', ')}`,
    failures,
  };
}

/** Rounded down, so that 100 % means all. */
function scoreOf(mutants: readonly Mutant[]): string {
  const noticed = mutants.filter(({ status }) => NOTICED.has(status)).length;
  return `${Math.floor((noticed / mutants.length) * 1_000) / 10} % of ${mutants.length}`;
}

function sentence(file: string, { status, mutatorName, replacement = '', location }: Mutant): string {
  const { line, column } = location.start;
  return `${file}:${line}:${column} ${mutatorName} ${status}: ${replacement.replaceAll(/\s+/g, ' ')}`;
}
