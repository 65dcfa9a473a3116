import { EXIT_CODES, type ExitCode } from './errors.ts';
import type { Outcome, StopReason } from './types.ts';

/** The exit codes with which a run can end, from best to worst (CONTRACT.md 7: "the worst wins"). */
const BEST_TO_WORST: readonly ExitCode[] = [
  EXIT_CODES.ok,
  EXIT_CODES.partial,
  EXIT_CODES.interrupted,
  EXIT_CODES.stopped,
  EXIT_CODES.storage,
  EXIT_CODES.bug,
];

/** The worst exit code of those with which a run ends or ended. Throws for a code with which no run can end. */
export function worstExitCode(...codes: readonly number[]): ExitCode {
  const severities = codes.map((code) => BEST_TO_WORST.findIndex((known) => known === code));
  const unfit = codes[severities.indexOf(-1)];
  if (unfit !== undefined) throw new Error(`a run cannot end with exit code ${unfit}`);
  return BEST_TO_WORST[Math.max(...severities)] ?? EXIT_CODES.ok;
}

/** What the outcomes of a plan amount to, whatever else happened: 0 when every row is fine, else 3 (CONTRACT.md 5). */
export function exitCodeOf(
  counts: Readonly<Record<Outcome, number>>,
  rules: { readonly allowNotFound: boolean },
): ExitCode {
  const notFine = counts.rejected + counts.failed + counts.unknown + counts.not_attempted;
  const missing = rules.allowNotFound ? 0 : counts.not_found;
  return notFine + missing === 0 ? EXIT_CODES.ok : EXIT_CODES.partial;
}

const EXIT_CODES_OF_STOPS: Readonly<Record<StopReason, ExitCode>> = {
  signal: EXIT_CODES.interrupted,
  max_duration: EXIT_CODES.interrupted,
  long_retry_after: EXIT_CODES.interrupted,
  outage: EXIT_CODES.interrupted,
  holds_unreadable: EXIT_CODES.interrupted,
  unauthorized: EXIT_CODES.stopped,
  payment_required: EXIT_CODES.stopped,
  redirect: EXIT_CODES.stopped,
  tls: EXIT_CODES.stopped,
  not_the_api: EXIT_CODES.stopped,
  forbidden: EXIT_CODES.stopped,
  wrong_endpoint: EXIT_CODES.stopped,
  not_found_surge: EXIT_CODES.stopped,
  storage: EXIT_CODES.storage,
  bug: EXIT_CODES.bug,
};

/** What a run that stopped early amounts to: 5 when waiting or resuming helps, 6 when a person must look first. */
export function exitCodeOfStop(reason: StopReason): ExitCode {
  return EXIT_CODES_OF_STOPS[reason];
}
