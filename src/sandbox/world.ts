import type { Kind, Mode } from '../types.ts';
import { createAccount } from './account.ts';
import type { DeleteEffect } from './account.ts';
import { answerOf, badParameter, dated, invalidId, json, success } from './answers.ts';
import type { Answer } from './answers.ts';
import type { Delivery } from './behaviour.ts';
import type { CheckedOptions } from './check-options.ts';
import { isDocumented, readMode } from './delete-query.ts';
import { getList, getOne } from './read-account.ts';
import { createRequestLog } from './request-log.ts';
import type { RecordedRequest } from './request-log.ts';
import type { SandboxState } from './sandbox-state.ts';
import { createTrouble, isKeyGood } from './trouble.ts';
import type { Trouble } from './trouble.ts';

/** A request as it arrived. */
export interface ApiRequest {
  readonly method: string;
  /** Path and query exactly as on the wire. */
  readonly target: string;
  readonly pathname: string;
  /** Empty, or from the `?` on. */
  readonly search: string;
  readonly origin: string;
  readonly apiKey: string | undefined;
  /** When it arrived, ms since 1970. */
  readonly now: number;
}

/** What a documented route asks for; `id` is `null` for a list. */
export type Ask =
  | { readonly method: 'GET'; readonly kind: Kind; readonly id: string | null }
  | { readonly method: 'DELETE'; readonly kind: Kind; readonly id: string };

/** An answer and how it leaves. */
export interface Decision {
  readonly answer: Answer;
  readonly delivery: Delivery;
  readonly delayMs: number;
}

/** What a world knows of its state; its sandbox knows the rest. */
type WorldState = Omit<SandboxState, 'decoy' | 'requests'> & {
  readonly requests: Omit<SandboxState['requests'], 'maxInFlight'>;
};

/** One life of a sandbox, from its start or reset on: its account, its troubles and what arrived. */
export interface World {
  readonly trouble: Trouble;
  /** Decides everything about a request at once, a deletion included; only its answer may take time. */
  decide(request: ApiRequest, ask: Ask, options: CheckedOptions): Decision;
  /** Counts and answers a request to a route that the API does not have. */
  refuse(request: ApiRequest, options: CheckedOptions): Decision;
  requests(): RecordedRequest[];
  examples(count: number): { videos: string[]; replicas: string[] };
  state(): WorldState;
}

const NO_EFFECT: DeleteEffect = { succeeds: false, applied: false };

/** A world with all its objects alive. */
export function createWorld(start: CheckedOptions): World {
  const account = createAccount(start);
  const log = createRequestLog(start.recordRequests ? start.maxRecords : 0);
  const trouble = createTrouble();

  function examplesOf(kind: Kind, count: number): string[] {
    const ids = account.listed(kind).filter((id) => account.find(kind, id) === 'live');
    return ids.slice(0, count);
  }

  function remove(ask: Ask, mode: Mode | undefined, options: CheckedOptions): DeleteEffect {
    if (ask.method !== 'DELETE' || mode === undefined) return NO_EFFECT;
    return account.remove(ask.kind, ask.id, { mode, softTwice: options.softTwice });
  }

  function read(ask: Ask & { method: 'GET' }, search: string): Answer {
    const query = new URLSearchParams(search);
    if (ask.id === null) return getList(account, start.seed, { kind: ask.kind, query });
    return getOne(account, start.seed, { kind: ask.kind, id: ask.id, query });
  }

  return {
    trouble,
    requests: () => [...log.records],
    examples: (count) => ({ videos: examplesOf('video', count), replicas: examplesOf('replica', count) }),
    decide(request, ask, options) {
      const n = log.arrive();
      const { method, target, search } = request;
      const behaviour = trouble.meet({ ...request, ...ask, n }, options);
      const mode = readMode(search);
      const effect = behaviour.applies ? remove(ask, mode, options) : NO_EFFECT;
      const answer = answerOf(behaviour, {
        kind: ask.kind,
        successStatus: options.successStatus,
        origin: request.origin,
        now: request.now + options.clockSkewMs,
        fromAccount() {
          if (ask.method === 'GET') return read(ask, search);
          if (mode === undefined) return badParameter('hard');
          return effect.succeeds ? success(options.successStatus) : invalidId(ask.kind);
        },
      });
      const status = STATUSLESS.has(behaviour.delivery) ? null : answer.status;
      log.answered(status);
      if (!isDocumented(ask.method, search)) log.unexpected(method, target);
      if (ask.method === 'DELETE') {
        const { kind, id } = ask;
        const key = keyOf(request, n, options);
        log.deletion(
          recordOf(request, { n, kind, id, key, behaviour: behaviour.name, applied: effect.applied, status }),
          search,
        );
      }
      return { answer, delivery: behaviour.delivery, delayMs: behaviour.delayMs };
    },
    refuse(request, options) {
      const n = log.arrive();
      const { method, target, search } = request;
      const answer = dated(json(404, { error: 'Not found' }), request.now + options.clockSkewMs);
      log.answered(answer.status);
      log.unexpected(method, target);
      if (method === 'DELETE') {
        const key = keyOf(request, n, options);
        const nothing = { kind: null, id: null, applied: false, behaviour: 'unexpected' };
        log.deletion(recordOf(request, { n, key, ...nothing, status: answer.status }), search);
      }
      return { answer, delivery: 'whole', delayMs: 0 };
    },
    state() {
      const unexpected = log.unexpectedCounts();
      return {
        seed: start.seed,
        videos: account.count('video'),
        replicas: account.count('replica'),
        deleted: [...log.applied],
        requests: log.counts(),
        perId: log.perId(),
        unexpected: unexpected.count,
        unexpectedRoutes: unexpected.routes,
      };
    },
  };
}

/** Deliveries in which no status line leaves. */
const STATUSLESS: ReadonlySet<Delivery> = new Set(['reset', 'hang']);

function keyOf({ apiKey }: ApiRequest, n: number, options: CheckedOptions): 'ok' | 'bad' {
  return isKeyGood({ apiKey, n }, options) ? 'ok' : 'bad';
}

/** A record whose properties stand in one order, the one in which people read them. */
function recordOf(
  request: ApiRequest,
  what: Omit<RecordedRequest, 'at' | 'method' | 'path' | 'hard'>,
): RecordedRequest {
  const { n, kind, id, key, behaviour, applied, status } = what;
  const { now: at, method, target: path, search } = request;
  const hard = readMode(search) === 'hard';
  return { n, at, method, path, kind, id, hard, key, behaviour, applied, status };
}
