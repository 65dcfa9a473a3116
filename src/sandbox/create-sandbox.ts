import { Hono } from 'hono';
import type { Context } from 'hono';
import { changeOptions, checkOptions } from './check-options.ts';
import { addControlRoutes } from './control-routes.ts';
import { deliver, wireOf } from './deliver.ts';
import type { SandboxEnv } from './deliver.ts';
import { SANDBOX_API_KEY } from './options.ts';
import type { SandboxOptions, SwitchChanges } from './options.ts';
import type { RecordedRequest } from './request-log.ts';
import type { SandboxState } from './sandbox-state.ts';
import { createWaits } from './waits.ts';
import { createWorld } from './world.ts';
import type { ApiRequest, Ask, Decision } from './world.ts';

/** What can be asked of a running sandbox, and done to it. */
export interface SandboxControls {
  /** The first key that it accepted at its start. */
  readonly apiKey: string;
  /** The truth at this moment; a copy. */
  state(): SandboxState;
  /** Every recorded DELETE in order of arrival; a copy. */
  requests(): RecordedRequest[];
  /** Some IDs that are not deleted, at most `count` of each kind. */
  examples(count: number): { videos: string[]; replicas: string[] };
  /** Changes switches from the next request on; throws a `usage` PurgeError for a wrong value and then changes nothing. */
  set(changes: SwitchChanges): void;
  /** Back to the objects and options of the start, with nothing counted; what hangs is let go. */
  reset(): void;
}

/** A fake Tavus API in this process. */
export interface Sandbox extends SandboxControls {
  /** The whole API: `app.fetch(request)` answers a request to any host. */
  readonly app: Hono<SandboxEnv>;
  /** Ends every answer that is late or would never come. */
  readonly release: () => void;
}

/** Milliseconds since 1970, with fractions, that never jump. */
export type SandboxClock = () => number;

const systemClock: SandboxClock = () => performance.timeOrigin + performance.now();

/**
 * A fake Tavus API without a port. Everything about a request is decided when it arrives; latency only delays the
 * answer, so the state is true also for requests in flight. Throws a `usage` PurgeError for wrong options.
 */
export function createSandbox(options: SandboxOptions = {}, clock: SandboxClock = systemClock): Sandbox {
  const start = checkOptions(options);
  const waits = createWaits();
  let told = options;
  let current = start;
  let world = createWorld(start);
  let decoy = { requests: 0, withKey: 0 };
  let inFlight = 0;
  let maxInFlight = 0;

  async function answer(
    c: Context<SandboxEnv>,
    decide: (request: ApiRequest) => Decision,
  ): Promise<Response> {
    inFlight += 1;
    maxInFlight = Math.max(maxInFlight, inFlight);
    try {
      return await deliver(c, decide(readRequest(c, clock())), waits);
    } finally {
      inFlight -= 1;
    }
  }
  const ask = (c: Context<SandboxEnv>, what: Ask): Promise<Response> =>
    answer(c, (request) => world.decide(request, what, current));

  const app = new Hono<SandboxEnv>();
  for (const kind of ['video', 'replica'] as const) {
    app.delete(`/v2/${kind}s/:id`, (c) => ask(c, { method: 'DELETE', kind, id: c.req.param('id') }));
    app.get(`/v2/${kind}s/:id`, (c) => ask(c, { method: 'GET', kind, id: c.req.param('id') }));
    app.get(`/v2/${kind}s`, (c) => ask(c, { method: 'GET', kind, id: null }));
  }
  const controls: SandboxControls = {
    apiKey: start.apiKeys[0] ?? SANDBOX_API_KEY,
    state() {
      const { requests, ...state } = world.state();
      return { ...state, requests: { ...requests, maxInFlight }, decoy: { ...decoy } };
    },
    requests: () => world.requests(),
    examples: (count) => world.examples(count),
    set(changes) {
      const changed = changeOptions(told, changes);
      current = checkOptions(changed);
      told = changed;
      if ('outageAfter' in changes || 'outageForMs' in changes) world.trouble.rearmOutage();
      if ('script' in changes) world.trouble.restartScript();
    },
    reset() {
      waits.releaseAll();
      told = options;
      current = start;
      world = createWorld(start);
      decoy = { requests: 0, withKey: 0 };
      maxInFlight = inFlight;
    },
  };
  addControlRoutes(app, controls, (withKey) => {
    decoy.requests += 1;
    if (withKey) decoy.withKey += 1;
  });
  app.all('*', (c) => answer(c, (request) => world.refuse(request, current)));
  return { ...controls, app, release: () => waits.releaseAll() };
}

/** The request as it arrived; the target as on the wire where there is one. */
function readRequest(c: Context<SandboxEnv>, now: number): ApiRequest {
  const { url } = c.req;
  const pathStart = url.indexOf('/', url.indexOf('//') + 2);
  const target = wireOf(c).incoming?.url ?? url.slice(pathStart);
  const queryStart = target.indexOf('?');
  return {
    method: c.req.method,
    target,
    pathname: c.req.path,
    search: queryStart < 0 ? '' : target.slice(queryStart),
    origin: url.slice(0, pathStart),
    apiKey: c.req.header('x-api-key'),
    now,
  };
}
