import { printable } from './printable.ts';

const SECRET_NAME = /^(?:x-?)?(?:tavus-?)?(?:(?:api-?)?key|token|secret|password|auth(?:orization)?|bearer)$/;

/** Whether an option or config entry of this name would hold a secret: `apiKey`, `x-api-key`, `TAVUS_TOKEN` … */
export function isSecretName(name: string): boolean {
  const kebab = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase();
  return SECRET_NAME.test(kebab);
}

/** Whether a text looks like an API key: long, without spaces, dots or slashes, letters and digits mixed. */
export function looksLikeKey(text: string): boolean {
  if (/^(?:sk|tvs|tavus)[-_][A-Za-z0-9_-]{12,}$/i.test(text)) return true;
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return true;
  return /^[A-Za-z0-9]{20,}$/.test(text) && /[A-Za-z]/.test(text) && /\d/.test(text);
}

/** A name that is not ours, as it may be shown: ours have no digits, so one that has any may be a key. */
export function shownName(name: string): string {
  return /^[A-Za-z_.-]{1,60}$/.test(name) && !looksLikeKey(name) ? `"${name}"` : '(a name that is not shown)';
}

/** A value as it may be shown in a message: printable, cut, and hidden when it looks like a key. */
export function shownValue(text: string): string {
  return looksLikeKey(text) ? '(hidden: it looks like an API key)' : `"${printable(text, 80)}"`;
}
