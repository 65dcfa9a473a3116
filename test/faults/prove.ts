import type { Proof } from '../helpers/proof.ts';
import { proveTcpFaults } from './tcp-faults.ts';

/** The whole program against a server that breaks every rule of TCP, TLS and HTTP that it can. */
export const proof: Proof = {
  name: 'tcp-faults',
  promises: [
    'whatever comes back over the wire: no false deleted, not_found or failed, and the exit code of the contract',
    'redirects are never followed; memory and time are bounded',
  ],
  fullSeeds: 1_000,
  run: proveTcpFaults,
};
