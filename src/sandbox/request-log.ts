import type { Kind, Mode } from '../types.ts';

/** One DELETE, as it arrived and as it was answered. */
export interface RecordedRequest {
  /** Its number among all requests to the API, GET included, in order of arrival; from 1. */
  readonly n: number;
  /** When it arrived: ms since 1970, with fractions, from a monotonic clock. */
  readonly at: number;
  readonly method: string;
  /** Path and query exactly as on the wire. */
  readonly path: string;
  /** `null` for a route that the API does not have. */
  readonly kind: Kind | null;
  readonly id: string | null;
  /** Whether the query was understood as a hard delete. */
  readonly hard: boolean;
  readonly key: 'ok' | 'bad';
  /** What it met: a word of `behaviour.ts`, or `bad-key`, `outage`, `rate-limit`, `unexpected`. */
  readonly behaviour: string;
  /** Whether it deleted something. */
  readonly applied: boolean;
  /** `null` when no status was sent (reset, hang). */
  readonly status: number | null;
}

/** One deletion that really happened. */
export interface AppliedDeletion {
  readonly kind: Kind;
  readonly id: string;
  readonly mode: Mode;
  readonly at: number;
  /** The `n` of the request that did it. */
  readonly request: number;
}

/** All DELETEs of one ID. */
export interface IdRequests {
  readonly deletes: number;
  /** How many of them deleted something: a soft and then a hard delete make 2. */
  readonly applied: number;
  /** Distinct query strings, such as `` and `?hard=true`, in order of appearance; 20 at most. */
  readonly queries: readonly string[];
  /** Under which kinds it was asked for. */
  readonly kinds: readonly Kind[];
}

/** How often which status was sent; `none` counts requests without any. */
export type StatusCounts = Readonly<Record<string, number>>;

/** What arrived at the sandbox; kept in memory until `reset`. */
export interface RequestLog {
  readonly records: readonly RecordedRequest[];
  readonly applied: readonly AppliedDeletion[];
  /** Counts an arrival; answers with its number. */
  arrive(): number;
  /** Counts what a request was answered. */
  answered(status: number | null): void;
  /** A DELETE, and its query string. */
  deletion(record: RecordedRequest, query: string): void;
  /** A request to a route that the API does not have, or with a query that it does not document. */
  unexpected(method: string, target: string): void;
  counts(): { total: number; deletes: number; unrecorded: number; byStatus: StatusCounts };
  perId(): Record<string, IdRequests>;
  unexpectedCounts(): { count: number; routes: Readonly<Record<string, number>> };
}

/** At most this many different unexpected routes are told apart; the rest is only counted. */
const ROUTES_KEPT = 100;
const QUERIES_KEPT = 20;

/** An empty log that keeps `maxRecords` records. Counts go on when it is full. */
export function createRequestLog(maxRecords: number): RequestLog {
  let total = 0;
  let deletes = 0;
  let unrecorded = 0;
  let unexpectedCount = 0;
  const records: RecordedRequest[] = [];
  const applied: AppliedDeletion[] = [];
  const byStatus = new Map<string, number>();
  const ids = new Map<string, { deletes: number; applied: number; queries: string[]; kinds: Kind[] }>();
  const routes = new Map<string, number>();

  return {
    records,
    applied,
    arrive() {
      total += 1;
      return total;
    },
    answered(status) {
      increment(byStatus, status === null ? 'none' : String(status));
    },
    deletion(record, query) {
      deletes += 1;
      if (records.length < maxRecords) records.push(record);
      else unrecorded += 1;
      const { id, kind, at, n, hard } = record;
      if (id === null || kind === null) return;
      let entry = ids.get(id);
      if (entry === undefined) {
        entry = { deletes: 0, applied: 0, queries: [], kinds: [] };
        ids.set(id, entry);
      }
      entry.deletes += 1;
      if (!entry.queries.includes(query) && entry.queries.length < QUERIES_KEPT) entry.queries.push(query);
      if (!entry.kinds.includes(kind)) entry.kinds.push(kind);
      if (!record.applied) return;
      entry.applied += 1;
      applied.push({ kind, id, mode: hard ? 'hard' : 'soft', at, request: n });
    },
    unexpected(method, target) {
      unexpectedCount += 1;
      const route = `${method} ${target.slice(0, 200)}`;
      if (routes.has(route) || routes.size < ROUTES_KEPT) increment(routes, route);
    },
    counts: () => ({ total, deletes, unrecorded, byStatus: Object.fromEntries(byStatus) }),
    perId() {
      const copies: [string, IdRequests][] = [...ids].map(([id, { queries, kinds, ...counts }]) => [
        id,
        { ...counts, queries: [...queries], kinds: [...kinds] },
      ]);
      return Object.fromEntries(copies);
    },
    unexpectedCounts: () => ({ count: unexpectedCount, routes: Object.fromEntries(routes) }),
  };
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
