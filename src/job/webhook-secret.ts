import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { platform } from 'node:os';
import { PurgeError } from '../errors.ts';
import { printable } from '../printable.ts';

const LARGEST_BYTES = 4096;
/** Readable or writable by every user of the machine. */
const OPEN_TO_ALL = 0o006;

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
export function readWebhookSecret(file: string): Buffer {
  const secret = parseWebhookSecret(readSmallFile(file));
  if (secret !== undefined) return secret;
  throw fileError(file, 'does not hold whsec_ and 24 to 64 bytes in base64', HOW_TO_MAKE);
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

function readSmallFile(file: string): string {
  let descriptor: number | undefined;
  try {
    // O_NONBLOCK: opening a FIFO must not wait for its writer.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(descriptor);
    if (!stat.isFile() || stat.size > LARGEST_BYTES) {
      throw fileError(file, 'is not a small regular file', 'put the secret alone into a file');
    }
    if (platform() !== 'win32' && (stat.mode & OPEN_TO_ALL) !== 0) {
      const next = 'chmod 600 the file (Kubernetes: defaultMode 0400)';
      throw fileError(file, 'is open to every user of this machine', next);
    }
    const buffer = Buffer.alloc(LARGEST_BYTES);
    const length = readSync(descriptor, buffer, 0, LARGEST_BYTES, 0);
    return buffer.toString('utf8', 0, length).replace(/\r?\n$/, '');
  } catch (error) {
    if (error instanceof PurgeError) throw error;
    throw fileError(file, 'cannot be read', 'check the path and its permissions', error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function fileError(file: string, problem: string, next: string, cause?: unknown): PurgeError {
  const message = `The webhook secret file "${printable(file, 200)}" ${problem}.`;
  return new PurgeError('usage', message, { next, cause });
}
