import { PurgeError } from '../errors.ts';
import { printable } from '../printable.ts';

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost)$/;

/** A place in the job file that holds a URL. */
export type NotifyUrlName = 'notify.ping' | 'notify.webhook.url';

/**
 * The URL of a notification: https, or http to this machine. Path and query may be secrets (they mostly are), so a
 * `usage` PurgeError shows none of it; a user or a password is refused.
 */
export function notifyUrl(text: string, name: NotifyUrlName): URL {
  const isPlain = /^https?:\/\/[^\s\\]+$/i.test(text);
  const url = isPlain && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return refuseUrl(name, 'is not an https URL', 'write it as https://<host>/<path>');
  if (url.username !== '' || url.password !== '') {
    return refuseUrl(name, 'has a user or a password in it', 'take out everything from // to the @');
  }
  if (url.hash !== '' || text.includes('#')) {
    return refuseUrl(name, 'has a fragment, which is never sent', 'take out the # and what follows it');
  }
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) {
    const host = printable(url.host, 100);
    return refuseUrl(
      name,
      `would be sent unencrypted to ${host}`,
      'write https; http is for this machine only',
    );
  }
  return url;
}

/** What of a URL may be shown: its origin. */
export function shownUrl(url: URL): string {
  return printable(url.origin, 150);
}

function refuseUrl(name: NotifyUrlName, problem: string, next: string): never {
  throw new PurgeError('usage', `The URL of ${name} ${problem}; it is not shown.`, { next });
}
