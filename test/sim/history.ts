import type { LifeEnd } from '../../src/ports.ts';
import type { ExecutionSettings, Kind, Mode, StopReason } from '../../src/types.ts';

/** What an answer says to whoever knows the API's documents, written down by the server that gave it. */
export interface Meaning {
  /** `silence`: nothing that proves anything, so the request may have been applied. */
  readonly says: 'confirmed' | 'unknown_id' | 'did_nothing' | 'refused' | 'silence';
  readonly status: number | null;
  /** Counts towards the breaker. */
  readonly isOutage?: boolean;
  readonly isThrottle?: boolean;
  readonly isForbidden?: boolean;
  readonly isNotTheApi?: boolean;
  /** Ends the run at once. */
  readonly stops?: StopReason;
  /** What a well-formed `Retry-After` asks for. */
  readonly pauseMs?: number;
  /** The client gave up on it. */
  readonly isAborted?: boolean;
}

/** One request as it really was, whoever knows of it. */
export interface Sent {
  readonly order: number;
  /** True time, milliseconds. */
  readonly at: number;
  readonly life: number;
  readonly target: string;
  /** What the server read in the target; `null` when it names no object of a collection. */
  readonly named: { readonly kind: Kind; readonly id: string; readonly mode: Mode } | null;
  readonly fate: string;
  /** What the run file durably held when it left. */
  readonly recorded: { readonly hasOutcome: boolean; readonly attempts: number };
  /** Whether this request changed the object. Late ones may do so long after. */
  applied: boolean;
  /** The end that the process saw, if it lived to see it. */
  answered: { readonly order: number; readonly at: number; readonly meaning: Meaning } | null;
}

/** One life of the run as it really was. */
export interface LifeStory {
  readonly number: number;
  readonly startedAt: number;
  readonly settings: ExecutionSettings;
  killedBy: string | null;
  /** Place in the order of events from which on writes failed. */
  storageFailedAt: number | null;
  signalledAt: { readonly order: number; readonly at: number } | null;
  /** What the program said when it ended in order, or what it threw. */
  end: LifeEnd | null;
  thrown: unknown;
  endedAt: number;
  /** How long the pause still lasts that a recorded answer of an earlier life asked for. */
  readonly pausedMs: number;
}
