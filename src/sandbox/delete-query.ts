import type { Mode } from '../types.ts';

/** Queries of a DELETE that are documented. */
const DELETE_QUERIES: ReadonlySet<string> = new Set(['', '?hard=true', '?hard=false']);

/** Whether the query is documented; `hard` is for DELETE only, although old pages show it at GET too. */
export function isDocumented(method: 'GET' | 'DELETE', search: string): boolean {
  return method === 'DELETE' ? DELETE_QUERIES.has(search) : !/[?&]hard(?:=|&|$)/.test(search);
}

/** How a DELETE with this query deletes; `undefined` when `hard` is no boolean, or stands there twice. */
export function readMode(search: string): Mode | undefined {
  if (search === '') return 'soft';
  const values = new URLSearchParams(search).getAll('hard');
  if (values.length === 0) return 'soft';
  if (values.length > 1) return undefined;
  if (values[0] === 'true') return 'hard';
  return values[0] === 'false' ? 'soft' : undefined;
}
