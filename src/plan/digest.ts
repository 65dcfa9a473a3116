import { createHash } from 'node:crypto';
import type { PlannedLines } from '../ports.ts';

/**
 * The planId: lower-case hex SHA-256 over the planned deletions in plan order, as the lines `<mode> TAB <kind> TAB <id> LF`
 * (CONTRACT.md 4). `origin` is the base URL's origin. Reads the lines once and keeps none.
 */
export function planDigest(origin: string, planned: Iterable<Pick<PlannedLines, 'text'>>): string {
  const hash = createHash('sha256').update(`tavus-purge-plan/1\n${origin}\n`);
  for (const { text } of planned) hash.update(text);
  return hash.digest('hex');
}
