/**
 * Seeds that found a bug in the program, each with the bug. All of them run in `npm test`. A change to what a seed draws
 * makes them ordinary seeds: then let each bug's mutant in `mutants.ts` find a new one.
 */
export const KEPT_SEEDS: readonly { readonly seed: number; readonly bug: string }[] = [
  { seed: 150, bug: 'a row that waited for admission was sent although the breaker had opened meanwhile' },
  { seed: 6697, bug: 'a 429 let a waiting row go in the moment before it announced its own pause' },
  {
    seed: 139,
    bug: "on a slow disk, a killed run's requests counted as older than they were: too many in a window",
  },
  { seed: 5349, bug: "the Retry-After of a row's last attempt was forgotten when the run was resumed" },
  { seed: 52, bug: 'a resumed run ended a pause up to a millisecond early' },
];
