import type { Proof, ProofBudget, ProofResult } from '../helpers/proof.ts';
import { MUTANTS, type Mutant } from './mutants.ts';
import { hunt, type Hunt } from './run-mutants.ts';

/** Hunts after planted bugs, two at a time. Stops early when the time is up. */
export async function huntAll(
  mutants: readonly Mutant[],
  mostSeeds: number,
  isTimeUp: () => boolean = () => false,
): Promise<Hunt[]> {
  const queue = [...mutants];
  const hunts: Hunt[] = [];
  const hunter = async (): Promise<void> => {
    for (let mutant = queue.shift(); mutant !== undefined && !isTimeUp(); mutant = queue.shift()) {
      hunts.push(await hunt(mutant, mostSeeds));
    }
  };
  await Promise.all(Array.from({ length: 2 }, hunter));
  return hunts;
}

/** The simulator itself on trial: every planted bug must be found. */
export const mutantProof: Proof = {
  name: 'mutants',
  promises: ['the simulator finds each of the bugs that were planted for it'],
  fullSeeds: 10_000,
  async run({ seeds, until }: ProofBudget): Promise<ProofResult> {
    const hunts = await huntAll(MUTANTS, seeds, () => performance.now() >= until);
    const survivors = hunts.filter(({ caught }) => caught === null);
    const failures = survivors.map(({ mutant }) => `survived ${seeds} seeds: ${mutant.name}`);
    const left = MUTANTS.length - hunts.length;
    if (left > 0) failures.push(`no time was left for ${left} planted bugs`);
    return {
      figures: `${hunts.length - survivors.length} of ${MUTANTS.length} planted bugs found`,
      failures,
    };
  },
};
