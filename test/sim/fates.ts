import { TIMED_OUT, type Observation } from '../../src/tavus/observation.ts';
import type { Chance } from './chance.ts';
import type { Meaning } from './history.ts';
import { RETRY_AFTERS, SHORT_RETRY_AFTERS } from './retry-afters.ts';
import type { Fault } from './scenario.ts';

/** What becomes of one request. */
export interface Fate {
  readonly name: string;
  /** When the server applies it, milliseconds from now. */
  readonly appliesAfterMs: number;
  readonly answersAfterMs: number;
  readonly observation: Observation;
  readonly meaning: Meaning;
}

/** What a fate is drawn with. */
export interface Draw {
  readonly chance: Chance;
  readonly latencyMs: number;
  /** The server's wall clock when it answers. */
  readonly serverTime: number;
}

export const NEVER: number = Infinity;
/** Stands in for a real key: no artefact may hold it. */
export const SECRET = 'sk-SIMULATED-secret-0123456789';
export const HOSTILE_WORDS: string = `\u001B[2Jkey ${SECRET} \u202E=HYPERLINK("x")`;

const OUTAGE = { isOutage: true } as const;
export const SILENT: Meaning = { says: 'silence', status: null, isOutage: true };
const RESET = { kind: 'sent', code: 'ECONNRESET', message: 'reset' } as const;
const SILENCE = { kind: 'sent', code: TIMED_OUT, message: 'no answer in time' } as const;

export interface Parts {
  readonly says?: Meaning['says'];
  /** When the server applies it, milliseconds from now; without it, never. */
  readonly applies?: number;
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly truncated?: boolean;
  readonly oversized?: boolean;
  readonly meaning?: Omit<Meaning, 'says' | 'status'>;
}

type Maker = (draw: Draw, name: Fault) => Fate;

/** How each fault is made. */
const FATES: Readonly<Record<Fault, Maker>> = {
  refused: lost({ kind: 'not_sent', code: 'ECONNREFUSED', message: 'refused' }),
  tls: lost({ kind: 'tls', code: 'CERT_HAS_EXPIRED', message: 'expired' }),
  dropped_before: lost(RESET),
  dropped_after: lost(RESET, () => 0),
  hang_never_applied: hanging(() => NEVER),
  hang_applied: hanging(() => 0),
  hang_late_apply: hanging((chance) => chance.between(0, 60_000)),
  cut_off_200: maybe(() => ({ status: 200, body: '{"mess', truncated: true, meaning: OUTAGE })),
  oversized_200: maybe(() => ({ status: 200, body: '{}', oversized: true, meaning: OUTAGE })),
  '5xx_applied': says(({ chance }) => ({
    says: 'silence',
    applies: 0,
    status: chance.pick([500, 502, 504, 520]),
    meaning: OUTAGE,
  })),
  '5xx_not_applied': says(({ chance }) => ({
    says: 'silence',
    status: chance.pick([500, 503]),
    body: '<html>',
    meaning: OUTAGE,
  })),
  '503_retry_after': (draw, name) =>
    paused(maybe(() => ({ status: 503, meaning: OUTAGE }))(draw, name), draw, RETRY_AFTERS),
  '429': (draw) => throttled(draw, RETRY_AFTERS),
  '409': says(({ chance }) => ({ status: chance.pick([409, 423]), body: '{"error":"busy"}' })),
  '408': maybe(({ chance }) => ({ status: chance.pick([408, 425]), body: '{"error":"slow"}' })),
  '202': maybe(() => ({ status: 202, body: '{}' })),
  '200_with_error': maybe(() => ({ status: 200, body: '{"error":"something"}' })),
  '404_empty': maybe(() => ({ status: 404 })),
  '422': says(({ chance }) => ({
    says: 'refused',
    status: chance.pick([400, 412, 422, 451]),
    body: JSON.stringify({ error: HOSTILE_WORDS }),
  })),
  '403': says(() => ({
    says: 'refused',
    status: 403,
    body: '{"message":"no"}',
    meaning: { isForbidden: true },
  })),
  html_200: maybe(() => ({ status: 200, body: '<html>Log in</html>', meaning: { isNotTheApi: true } })),
  html_404: maybe(() => ({ status: 404, body: '<html>No such page</html>', meaning: { isNotTheApi: true } })),
  redirect: maybe(({ chance }) => ({
    status: chance.pick([301, 302, 307, 308]),
    headers: { location: 'https://evil.example/v2/replicas/rdecoy' },
    meaning: { stops: 'redirect' },
  })),
  '402': says(() => ({ status: 402, body: '{"message":"pay"}', meaning: { stops: 'payment_required' } })),
  '405': says(({ chance }) => ({
    says: 'refused',
    status: chance.pick([405, 501, 415]),
    body: '{"error":"no"}',
    meaning: { stops: 'wrong_endpoint' },
  })),
};

/** A request that meets a fault. */
export function faultyFate(fault: Fault, draw: Draw): Fate {
  return FATES[fault](draw, fault);
}

/** A request with a key that was refused. */
export function refusedKey({ latencyMs }: Draw): Fate {
  return answer('401', latencyMs, {
    status: 401,
    body: '{"message":"Invalid access token"}',
    meaning: { stops: 'unauthorized' },
  });
}

/** A 429 of the sort that never ends the run: enough of them wear out the patience for one ID. */
export function shortlyThrottled(draw: Draw): Fate {
  return throttled(draw, SHORT_RETRY_AFTERS);
}

/** A whole answer; one that proves that nothing was done, unless it says otherwise. */
export function answer(name: string, answersAfterMs: number, parts: Parts): Fate {
  const { says = 'did_nothing', applies = NEVER, status, body = '', headers = {} } = parts;
  const { truncated = false, oversized = false } = parts;
  return {
    name,
    appliesAfterMs: applies,
    answersAfterMs,
    observation: { kind: 'answer', status, headers, body, truncated, oversized },
    meaning: { says, status, ...parts.meaning },
  };
}

function says(partsOf: (draw: Draw) => Parts): Maker {
  return (draw, name) => answer(name, draw.latencyMs, partsOf(draw));
}

/** An answer that proves nothing, to a request that the server applied or not. */
function maybe(partsOf: (draw: Draw) => Parts): Maker {
  return says((draw) => ({
    says: 'silence',
    applies: draw.chance.is(0.5) ? 0 : NEVER,
    ...partsOf(draw),
  }));
}

function lost(failure: Exclude<Observation, { kind: 'answer' }>, applies = (): number => NEVER): Maker {
  const meaning: Meaning = {
    says: failure.kind === 'sent' ? 'silence' : 'did_nothing',
    status: null,
    ...(failure.kind === 'tls' ? { stops: 'tls' } : OUTAGE),
  };
  return ({ latencyMs }, name) => ({
    name,
    appliesAfterMs: applies(),
    answersAfterMs: latencyMs,
    observation: failure,
    meaning,
  });
}

function hanging(applies: (chance: Chance) => number): Maker {
  return ({ chance }, name) => ({
    name,
    appliesAfterMs: applies(chance),
    answersAfterMs: NEVER,
    observation: SILENCE,
    meaning: SILENT,
  });
}

function throttled(draw: Draw, shapes: typeof RETRY_AFTERS): Fate {
  const parts = { status: 429, body: '{"message":"slow"}', meaning: { isThrottle: true } };
  return paused(answer('429', draw.latencyMs, parts), draw, shapes);
}

/** The same answer with a `Retry-After`. */
function paused(fate: Fate, { chance, serverTime }: Draw, shapes: typeof RETRY_AFTERS): Fate {
  const shape = chance.pick(shapes);
  if (fate.observation.kind !== 'answer') return fate;
  const { headers, pauseMs } = shape(Math.floor(serverTime / 1000) * 1000);
  return {
    ...fate,
    name: `${fate.name} ${shape.name}`,
    observation: { ...fate.observation, headers: { ...fate.observation.headers, ...headers } },
    meaning: { ...fate.meaning, ...(pauseMs === null ? {} : { pauseMs }) },
  };
}
