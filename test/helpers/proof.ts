/** One line of the table that `npm run prove` prints: what was shown, by how much work, and how it went. */
export interface ProofResult {
  /** What the work was, in numbers: `10,000 seeds, 212,345 requests, 18,210 lives`. */
  readonly figures: string;
  /** What went wrong, one line each, with what reproduces it; empty when the promise held. */
  readonly failures: readonly string[];
}

/** How much work a proof may do. */
export interface ProofBudget {
  /** How many seeds, runs or cases at the most. */
  readonly seeds: number;
  /** When to stop, on the monotonic clock of this process, in milliseconds. */
  readonly until: number;
}

/** A promise, and the code that proves it. */
export interface Proof {
  /** A short name for the command line: `npm run prove -- --only sim`. */
  readonly name: string;
  /** The promises that it proves, in an operator's words. */
  readonly promises: readonly string[];
  /** Seeds or runs that `npm run prove` does unless told otherwise. */
  readonly fullSeeds: number;
  run(budget: ProofBudget): Promise<ProofResult>;
}
