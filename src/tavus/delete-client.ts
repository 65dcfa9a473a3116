import { isApproval } from '../approval.ts';
import type { Approval } from '../approval.ts';
import { PurgeError } from '../errors.ts';
import type { AttemptEnd, DeleteApi } from '../ports.ts';
import { remembering } from '../remembering.ts';
import { classifyAnswer } from './classify-answer.ts';
import { openConnection } from './connection.ts';
import type { ClientOptions } from './connection.ts';
import { deletionPath } from './deletion-url.ts';
import type { Observation } from './observation.ts';
import { keyFingerprint, parseBaseUrl } from './target.ts';

/**
 * The only way to a DELETE. Throws unless the guards made `approval`, for this base URL and this key. Each `send` puts
 * one request on the wire at most; it rejects for a bug only (such as an ID that no plan may hold).
 */
export function openDeleteClient(approval: Approval, options: ClientOptions): DeleteApi {
  checkApproval(approval, options);
  const { now } = options;
  // Answers that follow each other mostly say the same.
  const scrub = remembering(options.scrub);
  const read = (observation: Observation): AttemptEnd => {
    const endedAt = now();
    return { verdict: classifyAnswer(observation, { scrub, now: endedAt }), endedAt };
  };
  const connection = openConnection({ method: 'DELETE', pathOf: deletionPath, read }, options);
  return {
    send: (deletion, sending, mayLeave) => connection.exchange(deletion, sending, mayLeave),
    close: () => connection.close(),
  };
}

function checkApproval(approval: Approval, { baseUrl, apiKey }: ClientOptions): void {
  if (!isApproval(approval)) throw new Error('deleting was asked for without an approval of the guards');
  if (approval.origin !== parseBaseUrl(baseUrl)) {
    throw new PurgeError('refused', `The approval is for ${approval.origin}, not for this base URL.`, {
      next: `use --base-url ${approval.origin}, or plan again`,
    });
  }
  if (approval.keyFingerprint !== keyFingerprint(apiKey)) {
    throw new PurgeError(
      'refused',
      `The approval is for the key ${approval.keyFingerprint}, not for this one.`,
      {
        next: 'use that key, or plan again',
      },
    );
  }
}
