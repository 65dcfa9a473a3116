import { isSafeId } from '../ids.ts';
import { printable } from '../printable.ts';
import type { Kind, PlannedDeletion } from '../types.ts';

/** The two resources that are ever named on the wire (seeds: delete-video, delete-replica). */
const COLLECTIONS: ReadonlyMap<Kind, string> = new Map([
  ['video', '/v2/videos/'],
  ['replica', '/v2/replicas/'],
]);

const ANY_ORIGIN = 'https://tavusapi.com';

/**
 * The request target of a deletion: `/v2/videos/<id>` for soft, the same with `?hard=true` for hard. Throws an Error
 * (a bug: plans hold checked IDs only) when the ID could make the URL name anything else.
 */
export function deletionPath(deletion: PlannedDeletion): string {
  const { mode } = deletion;
  if (mode !== 'soft' && mode !== 'hard') throw new Error('a planned deletion is neither soft nor hard');
  return checkedPath(deletion.kind, deletion.id, mode === 'hard' ? '?hard=true' : '');
}

/** The request target that looks an ID up. `verbose` makes a replica say whether it is one of Tavus's own. */
export function lookupPath(kind: Kind, id: string): string {
  return checkedPath(kind, id, kind === 'replica' ? '?verbose=true' : '');
}

function checkedPath(kind: Kind, id: string, query: string): string {
  const collection = COLLECTIONS.get(kind);
  if (collection === undefined || !isSafeId(id)) {
    throw new Error(`this ${printable(kind, 20)} ID may not become part of a URL: ${printable(id, 100)}`);
  }
  const pathname = collection + id;
  const path = pathname + query;
  // The gate above is what keeps `..`, `#` and the like out. This asks the parser that servers and proxies share
  // whether it reads what we wrote, in case the gate is ever loosened (RELIABILITY.md, finding 1).
  const url = new URL(ANY_ORIGIN + path);
  const same =
    url.href === ANY_ORIGIN + path && url.pathname === pathname && url.search === query && url.hash === '';
  if (!same) throw new Error(`the URL of this ${kind} would name something else: ${printable(id, 100)}`);
  return path;
}
