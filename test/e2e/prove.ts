import type { Proof } from '../helpers/proof.ts';
import { liveThroughNights, THIRTY } from './nights.ts';

/** A nightly job is left alone for a month in which much goes wrong. */
export const proof: Proof = {
  name: 'nights',
  promises: [
    'a job file that is left alone deletes what was asked for, nothing else, and says what went wrong',
  ],
  fullSeeds: 1,
  async run({ seeds, until }) {
    const failures: string[] = [];
    let months = 0;
    while (months < seeds && (months === 0 || performance.now() < until)) {
      failures.push(...(await liveThroughNights(THIRTY)));
      months += 1;
    }
    return { figures: `${months * THIRTY.count} nights`, failures };
  },
};
