import type { StopReason } from '../types.ts';

/** What an operator is told when an answer of the server side stops the run; the answer's own words follow. */
const SENTENCES: Readonly<Partial<Record<StopReason, string>>> = {
  unauthorized: 'The API refused the key',
  payment_required: 'The API asks for payment',
  redirect: 'An answer pointed elsewhere and was not followed',
  tls: 'The server cannot prove that it is the API',
  not_the_api: 'Two answers in a row did not come from the API',
  forbidden: 'The API forbade three deletions in a row',
  wrong_endpoint: 'The API does not know such a request',
};

/** One sentence that says why the run stops, from the reason and the detail of the answer that was the last straw. */
export function stopSentence(reason: StopReason, detail: string): string {
  const sentence = SENTENCES[reason];
  return sentence === undefined ? detail : `${sentence}: ${detail}`;
}
