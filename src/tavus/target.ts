import { createHash } from 'node:crypto';

import { PurgeError } from '../errors.ts';
import { printable } from '../printable.ts';

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost)$/;

/** A host as people write it without a scheme. Narrow, so that no secret in its place is shown. */
const BARE_HOST = /^[a-z0-9-]{1,30}(?:\.[a-z0-9-]{1,30})*\.[a-z]{2,10}(?::\d{1,5})?\/?$/;
const BARE_LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost)(?::\d{1,5})?\/?$/;

/**
 * The origin that a base URL names, such as `https://tavusapi.com`. Throws a `usage` PurgeError for anything but https
 * (or http to this machine), and for a user, path, query, fragment or a spelling that a URL parser would change.
 */
export function parseBaseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) return refuseNoUrl(text);
  // From here on the host may be shown; the rest may hold a secret and is not.
  if (url.username !== '' || url.password !== '' || text.includes('@')) {
    return refuseBaseUrl('has a user or a password in it', 'take out everything from // to the @');
  }
  const host = printable(url.host, 100);
  const isLoopback = LOOPBACK.test(url.hostname);
  const origin = isLoopback ? url.origin : `https://${url.host.replace(/\.+(?=:\d+$|$)/, '')}`;
  const next = `write it as ${printable(origin, 120)}`;
  if (url.search !== '' || url.hash !== '' || /[?#]/.test(text)) {
    return refuseBaseUrl(`(${host}) has a query or a fragment`, next);
  }
  if (url.pathname !== '/') {
    return refuseBaseUrl(`(${host}) has a path; the paths of the API are added by tavus-purge`, next);
  }
  if (url.protocol === 'http:' && !isLoopback) {
    return refuseBaseUrl(`(${host}) would send the API key unencrypted; http is for this machine only`, next);
  }
  if (url.hostname.endsWith('.') || !spellings(url).includes(text.toLowerCase().replace(/\/$/, ''))) {
    return refuseBaseUrl(`names the host ${host} in another spelling`, next);
  }
  return url.origin;
}

/** The forms of an origin that mean the same and that people write: with and without the default port. */
function spellings(url: URL): string[] {
  const defaultPort = url.protocol === 'https:' ? '443' : '80';
  return url.port === '' ? [url.origin, `${url.origin}:${defaultPort}`] : [url.origin];
}

/** A text that is no URL of ours is not shown, unless it is plainly a host. */
function refuseNoUrl(text: string): never {
  if (text === '') return refuseBaseUrl('is empty', 'write it as https://<host>');
  const scheme = BARE_LOOPBACK.test(text) ? 'http://' : 'https://';
  const url = `${scheme}${text.replace(/\/$/, '')}`;
  if ((scheme === 'http://' || BARE_HOST.test(text)) && URL.canParse(url)) {
    return refuseBaseUrl(`has no ${scheme} before the host`, `write it as ${url}`);
  }
  return refuseBaseUrl(
    'is not an https URL',
    'write it as https://<host>, or as http://127.0.0.1:<port> for a server on this machine',
  );
}

function refuseBaseUrl(problem: string, next: string): never {
  throw new PurgeError('usage', `The base URL ${problem}.`, { next });
}

/** What names a key without giving it away: the first 8 hex digits of its SHA-256. */
export function keyFingerprint(key: string): string {
  return createHash('sha256').update(key, 'utf8').digest('hex').slice(0, 8);
}

/** The key, if it can be sent as a header. Throws a `usage` PurgeError that never shows any of it. */
export function checkKey(key: string): string {
  if (/^[\x21-\x7e]{8,256}$/.test(key)) return key;
  throw new PurgeError('usage', `The API key ${keyProblem(key)}; its value is not shown.`, {
    next: 'copy the key again from the Tavus portal into TAVUS_API_KEY or the file of --api-key-file',
  });
}

function keyProblem(key: string): string {
  if (key === '') return 'is empty';
  if (key !== key.trim()) return 'has white space before or after it';
  if (!/^[\x21-\x7e]*$/.test(key)) return 'has white space, control or non-ASCII characters in it';
  return key.length < 8 ? 'is shorter than 8 characters' : 'is longer than 256 characters';
}

/** Node options that weaken TLS or write its session keys into a file. Node reads `_` as `-`. */
const WEAKENING_OPTIONS = /(?:^|[\s"'])--tls-(?:min-v1\.[01]|keylog)(?![\w.-])/;

/** Throws a `usage` PurgeError when the environment switches TLS verification off or weakens TLS. */
export function checkTlsEnvironment(env: Readonly<Record<string, string | undefined>>): void {
  const reject = env['NODE_TLS_REJECT_UNAUTHORIZED'];
  if (reject !== undefined && reject !== '1') {
    throw new PurgeError('usage', 'NODE_TLS_REJECT_UNAUTHORIZED is set: it switches TLS verification off.', {
      next: 'unset NODE_TLS_REJECT_UNAUTHORIZED; NODE_EXTRA_CA_CERTS=<file> adds a company CA',
    });
  }
  const nodeOptions = (env['NODE_OPTIONS'] ?? '').replaceAll('_', '-');
  if (WEAKENING_OPTIONS.test(nodeOptions) || nodeOptions.includes('NODE-TLS-REJECT-UNAUTHORIZED')) {
    throw new PurgeError('usage', 'NODE_OPTIONS weakens TLS or writes its session keys.', {
      next: 'take --tls-min-v1.0, --tls-min-v1.1 and --tls-keylog out of NODE_OPTIONS',
    });
  }
}
