import { createHash } from 'node:crypto';
import type { PlannedDeletion } from '../types.ts';

/**
 * The planId: lower-case hex SHA-256 over the planned deletions in plan order (CONTRACT.md 4). `origin` is the base
 * URL's origin. Reads the deletions once and keeps none.
 */
export function planDigest(origin: string, planned: Iterable<PlannedDeletion>): string {
  return digestOfLines(origin, linesOf(planned));
}

/** The planId of deletions whose lines (`<mode> TAB <kind> TAB <id> LF` each) are put together already. */
export function digestOfLines(origin: string, texts: Iterable<string>): string {
  const hash = createHash('sha256').update(`tavus-purge-plan/1\n${origin}\n`);
  for (const text of texts) hash.update(text);
  return hash.digest('hex');
}

function* linesOf(planned: Iterable<PlannedDeletion>): Iterable<string> {
  let text = '';
  for (const { mode, kind, id } of planned) {
    text += `${mode}\t${kind}\t${id}\n`;
    if (text.length <= 65_536) continue;
    yield text;
    text = '';
  }
  yield text;
}
