import type { Kind } from '../types.ts';
import type { Account } from './account.ts';
import { badParameter, invalidId, json } from './answers.ts';
import type { Answer } from './answers.ts';
import { replicaView, videoView } from './views.ts';
import type { View } from './views.ts';

/** What GET of one object answers. A softly deleted video shows `deleted`, a replica is gone (its status has no such word). */
export function getOne(
  account: Account,
  seed: number,
  ask: { kind: Kind; id: string; query: URLSearchParams },
): Answer {
  const { kind, id, query } = ask;
  const verbose = query.get('verbose') === 'true';
  if (kind === 'replica' && account.stock.has(id)) {
    return json(200, replicaView(seed, id, { stock: true, verbose }));
  }
  const state = account.find(kind, id);
  if (state === undefined || state === 'hard') return invalidId(kind);
  if (kind === 'video') return json(200, videoView(seed, id, state));
  return state === 'live' ? json(200, replicaView(seed, id, { stock: false, verbose })) : invalidId(kind);
}

/** Documented default of GET /v2/videos; seen default of replicas. */
const DEFAULT_LIMITS: Readonly<Record<Kind, number>> = { video: 10, replica: 20 };
const MAX_LIMIT = 1000;

/** Videos count their pages from 0, every other list from 1 (seen by the one connector that was tested live). */
const FIRST_PAGES: Readonly<Record<Kind, number>> = { video: 0, replica: 1 };

/** What GET of a list answers: one page and `total_count`. An unknown `replica_type` filters nothing, which is the dangerous reading. */
export function getList(account: Account, seed: number, ask: { kind: Kind; query: URLSearchParams }): Answer {
  const { kind, query } = ask;
  const first = FIRST_PAGES[kind];
  const limit = parameter(query, 'limit', DEFAULT_LIMITS[kind]);
  const page = parameter(query, 'page', first);
  if (limit === undefined || limit < 1 || limit > MAX_LIMIT) return badParameter('limit');
  if (page === undefined || page < first) return badParameter('page');
  const ids = kind === 'video' ? account.listed('video') : listedReplicas(account, query);
  const start = (page - first) * limit;
  const data = ids.slice(start, start + limit).map((id) => listItem(account, seed, { kind, id, query }));
  return json(200, { data, total_count: ids.length });
}

function listedReplicas(account: Account, query: URLSearchParams): string[] {
  const own = account.listed('replica').filter((id) => account.find('replica', id) === 'live');
  const type = query.get('replica_type');
  const wanted = query.get('replica_ids')?.split(',');
  const ids = [...(type === 'system' ? [] : own), ...(type === 'user' ? [] : account.stock)];
  return wanted === undefined ? ids : ids.filter((id) => wanted.includes(id));
}

function listItem(
  account: Account,
  seed: number,
  { kind, id, query }: { kind: Kind; id: string; query: URLSearchParams },
): View {
  if (kind === 'video') return videoView(seed, id, account.find('video', id) ?? 'live');
  const verbose = query.get('verbose') === 'true';
  return replicaView(seed, id, { stock: account.stock.has(id), verbose });
}

function parameter(query: URLSearchParams, name: string, otherwise: number): number | undefined {
  const text = query.get(name);
  if (text === null) return otherwise;
  return /^\d{1,7}$/.test(text) ? Number(text) : undefined;
}
