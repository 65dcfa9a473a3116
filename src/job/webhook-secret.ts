import { readSecretFile, secretFileError } from '../secret-file.ts';

const PREFIX = 'whsec_';
const FEWEST_BYTES = 24;
const MOST_BYTES = 64;
const HOW_TO_MAKE =
  'make one: printf \'whsec_%s\\n\' "$(openssl rand -base64 32)" > <file>; chmod 600 <file>';

/**
 * The key of the webhook signature from its file, which holds `whsec_` and 24 to 64 bytes in base64 as Standard
 * Webhooks has it. Throws a `usage` PurgeError for a file that every user can read, and for any other content; never
 * shows the content.
 */
export function readWebhookSecret(path: string): Buffer {
  const file = { path, what: 'webhook secret file', secret: 'secret' };
  const secret = parseWebhookSecret(readSecretFile(file));
  if (secret !== undefined) return secret;
  throw secretFileError(file, 'does not hold whsec_ and 24 to 64 bytes in base64', HOW_TO_MAKE);
}

/** The bytes of a `whsec_…` text, or `undefined` when it is none. */
export function parseWebhookSecret(text: string): Buffer | undefined {
  if (!text.startsWith(PREFIX)) return undefined;
  const encoded = text.slice(PREFIX.length);
  const bytes = Buffer.from(encoded, 'base64');
  // Node skips what is no base64: only what comes back unchanged was.
  if (bytes.toString('base64') !== encoded) return undefined;
  return bytes.length >= FEWEST_BYTES && bytes.length <= MOST_BYTES ? bytes : undefined;
}
