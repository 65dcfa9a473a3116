import { messageOf, type PurgeError } from '../errors.ts';
import { printable } from '../printable.ts';
import type { Paint } from './terminal.ts';

/** One sentence that says why, further lines, and the next step. */
export function renderError(error: PurgeError, paint: Paint): string {
  const lines = [`${paint('red', 'tavus-purge:')} ${printable(error.message, 2000)}`];
  lines.push(...error.details.map((detail) => `  ${printable(detail, 2000)}`));
  if (error.next !== undefined) lines.push(`next: ${printable(error.next, 2000)}`);
  return lines.join('\n');
}

/** What to say about an error that nobody foresaw. */
export function renderBug(thrown: unknown, paint: Paint): string {
  const where = thrown instanceof Error && thrown.stack ? thrown.stack.split('\n').slice(1, 6) : [];
  return [
    `${paint('red', 'tavus-purge:')} this is a bug in tavus-purge: ${printable(messageOf(thrown), 2000)}`,
    ...where.map((line) => printable(line)),
    'next: tavus-purge runs shows what was done so far; report the lines above',
  ].join('\n');
}
