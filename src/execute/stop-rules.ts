import type { Effect, Outcome, StopReason } from '../types.ts';

const NOT_THE_API_IN_A_ROW = 2;
const FORBIDDEN_IN_A_ROW = 3;
const SURGE_EARLY = { rows: 10, notFound: 5 } as const;
const SURGE_LATER = { rows: 50, notFound: 10 } as const;

/** Outcomes by which the API said something certain about an ID. */
const CONCLUSIVE: ReadonlySet<Outcome> = new Set(['deleted', 'deleted_inferred', 'not_found', 'rejected']);

/** The rules by which answers end a run (CONTRACT.md 6). They remember what they were told; time plays no part. */
export interface StopRules {
  /** Tells what one attempt's answer meant; answers with why the run must stop now, or `null`. */
  afterAttempt(effect: Effect): StopReason | null;
  /** Tells how one row ended; answers with why the run must stop now, or `null`. */
  afterOutcome(outcome: Outcome): StopReason | null;
}

export interface StopRulesOptions {
  /** `--allow-not-found`: lifts the surge rule, nothing else. */
  readonly allowNotFound: boolean;
}

/** The stop rules of one life of a run, knowing nothing yet. */
export function createStopRules(options: StopRulesOptions): StopRules {
  let notTheApi = 0;
  let forbidden = 0;
  let conclusive = 0;
  let notFound = 0;
  /** Whether each of the latest conclusive rows was `not_found`, oldest first. */
  const latest: boolean[] = [];

  return {
    afterAttempt(effect) {
      switch (effect.type) {
        case 'stop':
          return effect.reason;
        case 'not_the_api':
          // Leaves the 403 row standing: a portal's page says nothing about what the API forbids.
          notTheApi += 1;
          return notTheApi >= NOT_THE_API_IN_A_ROW ? 'not_the_api' : null;
        case 'forbidden':
          notTheApi = 0;
          forbidden += 1;
          return forbidden >= FORBIDDEN_IN_A_ROW ? 'forbidden' : null;
        case 'none':
        case 'warning':
          // The API itself answered, and with something else.
          notTheApi = 0;
          forbidden = 0;
          break;
        case 'breaker':
        case 'throttle':
          // No answer, a gateway's 5xx or a 429 proves neither who is there nor what is allowed: nothing changes.
          break;
      }
      return null;
    },

    afterOutcome(outcome) {
      if (options.allowNotFound || !CONCLUSIVE.has(outcome)) return null;
      conclusive += 1;
      latest.push(outcome === 'not_found');
      if (outcome === 'not_found') notFound += 1;
      if (latest.length > SURGE_LATER.rows && latest.shift() === true) notFound -= 1;
      const early = conclusive <= SURGE_EARLY.rows && notFound >= SURGE_EARLY.notFound;
      return early || notFound >= SURGE_LATER.notFound ? 'not_found_surge' : null;
    },
  };
}
