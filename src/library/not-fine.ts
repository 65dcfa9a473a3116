import { counted, formatCount, inWords } from '../numbers.ts';
import { OUTCOMES, type Outcome, type Summary } from '../types.ts';
import { FINE_OUTCOMES } from './fine-outcomes.ts';

/** The outcomes with which a planned deletion is done, in a run of these settings. */
export function fineOutcomes({ allowNotFound }: { readonly allowNotFound: boolean }): ReadonlySet<Outcome> {
  return allowNotFound ? new Set([...FINE_OUTCOMES, 'not_found']) : FINE_OUTCOMES;
}

/** Which rows of a run are not fine, as one sentence. */
export function notFineSentence(
  { planned, counts }: Pick<Summary, 'planned' | 'counts'>,
  fine: ReadonlySet<Outcome>,
): string {
  const notFine = OUTCOMES.filter((outcome) => counts[outcome] > 0 && !fine.has(outcome));
  const amounts = notFine.map((outcome) => `${formatCount(counts[outcome])} ${inWords(outcome)}`);
  return `Not all of ${counted(planned, 'planned deletion')} ended well: ${amounts.join(', ')}.`;
}
