import { proofs as crashProofs } from './crash/prove.ts';
import { proof as nights } from './e2e/prove.ts';
import { proof as tcpFaults } from './faults/prove.ts';
import type { Proof } from './helpers/proof.ts';
import { proof as hostile } from './hostile/prove.ts';
import { proof as secrets } from './secrets/prove.ts';
import { mutantProof } from './sim/hunts.ts';
import { proof as sim } from './sim/prove.ts';
import { proof as stryker } from './stryker/prove.ts';

/** Everything that `npm run prove` does, in this order. */
export const PROOFS: readonly Proof[] = [
  sim,
  mutantProof,
  ...crashProofs,
  tcpFaults,
  hostile,
  secrets,
  stryker,
  nights,
];
