import { createHash } from 'node:crypto';
import type { PlannedDeletion } from '../types.ts';

/**
 * The planId: lower-case hex SHA-256 over the planned deletions in plan order (CONTRACT.md 4). `origin` is the base
 * URL's origin. Reads the deletions once and keeps none.
 */
export function planDigest(origin: string, planned: Iterable<PlannedDeletion>): string {
  const hash = createHash('sha256');
  let text = `tavus-purge-plan/1\n${origin}\n`;
  for (const { mode, kind, id } of planned) {
    text += `${mode}\t${kind}\t${id}\n`;
    if (text.length > 65_536) {
      hash.update(text);
      text = '';
    }
  }
  return hash.update(text).digest('hex');
}
