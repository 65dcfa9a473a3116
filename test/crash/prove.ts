import type { Proof } from '../helpers/proof.ts';
import { kill9 } from './kill9.ts';
import { signals } from './signals.ts';
import { storageFaults } from './storage-faults.ts';

/** What shows that a run survives the end of its process and of its disk. */
export const proofs: readonly Proof[] = [kill9, signals, storageFaults];
