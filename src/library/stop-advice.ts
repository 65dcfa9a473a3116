import type { StopReason } from '../types.ts';

/** What a person does before a run that stopped goes on; `undefined` when resuming is all there is to do. */
const ADVICE: Readonly<Partial<Record<StopReason, string>>> = {
  holds_unreadable: 'repair the hold file',
  outage: 'wait until the API is back',
  unauthorized: 'give a key that is valid (tavus-purge doctor checks it)',
  payment_required: "settle what the API's answer says about the account",
  redirect: 'check --base-url and what stands between here and the API',
  tls: 'check --base-url, the certificate and what stands between here and the API',
  not_the_api: 'check --base-url and what stands between here and the API; something else answered',
  forbidden: 'check what this key may delete',
  wrong_endpoint: 'check --base-url; report it if that is right, since the API may have changed',
  not_found_surge: 'make sure that the key is of the right account and the list is the right one',
};

/** The next step after a run ended early: what to do first, then the command that continues it. */
export function nextAfterStop(reason: StopReason | null, resumeCommand: string): string {
  const advice = reason === null ? undefined : ADVICE[reason];
  return advice === undefined ? resumeCommand : `${advice}; then ${resumeCommand}`;
}
