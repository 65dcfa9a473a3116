import { mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Proof, ProofBudget, ProofResult } from '../helpers/proof.ts';
import { BOMBS, defuse } from './bombs.ts';
import { fuzzManifests } from './fuzz.ts';
import { fuzzPlans } from './fuzz-plans.ts';
import { judgeCorpus } from './judge.ts';
import { judgeOutputs, judgeProcesses } from './processes.ts';

/** Random files of each sort that one seed stands for. */
const FILES_A_SEED = 100;
const PLANS_A_SEED = 2;

/** Hostile manifests, hold files and config files; a seed is 100 random files of each of four sorts. */
export const proof: Proof = {
  name: 'hostile',
  promises: [
    'A manifest is read exactly as it stands there, or refused with its place before anything is sent.',
    'No file can fill the memory, hang the program, or put anything raw on a terminal, in a log or in a spreadsheet.',
  ],
  fullSeeds: 500,
  async run(budget) {
    const folder = await mkdtemp(join(tmpdir(), 'tavus-purge-hostile-'));
    try {
      return await prove(folder, budget);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function prove(root: string, budget: ProofBudget): Promise<ProofResult> {
  const folder = (name: string): string => {
    mkdirSync(join(root, name));
    return join(root, name);
  };
  const corpus = await judgeCorpus(folder('corpus'), { oneFormat: false });
  const processes = await judgeProcesses(folder('processes'), { each: 2, most: 24 });
  const outputs = await judgeOutputs(folder('outputs'));
  const failures = [...corpus.wrong, ...processes.wrong, ...outputs.wrong];

  const bombs = folder('bombs');
  const defused = [];
  for (const bomb of BOMBS) {
    if (defused.length > 0 && isOver(budget)) break;
    defused.push(await defuse(bomb, bombs, 'full'));
  }
  failures.push(...defused.flatMap(({ problems }) => problems));

  const plans = folder('plans');
  const random = { files: 0, read: 0, refused: 0 };
  // However little time there was: no part may be left out.
  for (let seed = 1; seed <= budget.seeds && (seed === 1 || !isOver(budget)); seed += 1) {
    const read = await fuzzManifests({ runs: FILES_A_SEED, seed });
    const planned = await fuzzPlans(plans, { runs: PLANS_A_SEED, seed });
    for (const { cases, read: wereRead, refused } of [read, planned]) {
      random.files += cases;
      random.read += wereRead;
      random.refused += refused;
    }
    failures.push(...read.failures, ...planned.failures);
  }
  const figures = [
    `${count(corpus.files)} hostile files`,
    `${count(processes.files)} such files given to the real program, which sent nothing`,
    `${count(outputs.files)} rows of formulas and invisible characters shown and written`,
    `${count(defused.length)} bombs up to ${count(largest(defused.map(({ bytes }) => bytes / 1_000_000)))} MB, at most ${count(largest(defused.map(({ residentMb }) => residentMb)))} MB of memory`,
    `${count(random.files)} random files, of which ${count(random.read)} were read and ${count(random.refused)} refused`,
  ];
  // Files that are only ever refused, or only ever read, show nothing; most of the damaged ones are refused.
  for (const [what, times] of [
    ['read', random.read],
    ['refused', random.refused],
  ] as const) {
    if (times < random.files / 50)
      failures.push(`asleep: only ${times} of ${random.files} random files were ${what}`);
  }
  return { figures: figures.join(', '), failures };
}

function isOver({ until }: ProofBudget): boolean {
  return performance.now() >= until;
}

function largest(values: readonly number[]): number {
  return Math.max(0, ...values);
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}
