import { ABORTED, TIMED_OUT, type Observation } from '../../src/tavus/observation.ts';
import type { Kind, Mode } from '../../src/types.ts';
import { chanceOf, type Chance } from './chance.ts';
import type { Meaning, Sent } from './history.ts';
import {
  answer,
  faultyFate,
  HOSTILE_WORDS,
  NEVER,
  refusedKey,
  shortlyThrottled,
  SILENT,
  type Fate,
} from './fates.ts';
import type { BadTime, Fault, Scenario } from './scenario.ts';
import type { World } from './world.ts';

export type ObjectState = 'live' | 'soft' | 'hard';

/** What requests meet in a bad time. */
const BAD_TIMES = {
  refused: 'refused',
  '503': '5xx_not_applied',
  hang: 'hang_never_applied',
  '409': '409',
} as const;

/** The server and the network before it: objects that can be deleted, and everything that can go wrong on the way. */
export class Server {
  readonly objects = new Map<string, ObjectState>();
  readonly log: Sent[] = [];
  /** Faults that a process met, and how often. */
  readonly faultsSeen = new Map<string, number>();
  #isHealed = false;
  #isKeyRevoked = false;
  readonly #world: World;
  readonly #scenario: Scenario;
  readonly #chance: Chance;

  constructor(world: World, scenario: Scenario) {
    this.#world = world;
    this.#scenario = scenario;
    this.#chance = chanceOf(scenario.seed, 'server');
  }

  revokeKey(): void {
    this.#isKeyRevoked = !this.#isHealed;
  }

  acceptKey(): void {
    this.#isKeyRevoked = false;
  }

  /** From now on nothing fails. */
  heal(): void {
    this.#isHealed = true;
    this.#isKeyRevoked = false;
  }

  /** A request leaves for the server. `deliver` is called once at the most, with what the process sees of its end. */
  receive(
    request: Pick<Sent, 'target' | 'life' | 'recorded'>,
    options: {
      readonly timeoutMs: number;
      readonly signal: AbortSignal | undefined;
      /** Asked at the moment of the answer: false when nobody lives who could see it. */
      readonly canAnswer: () => boolean;
      readonly deliver: (observation: Observation) => void;
    },
  ): Sent {
    const world = this.#world;
    const named = readTarget(request.target);
    const fate = this.#fateOf(named);
    const sent: Sent = {
      ...request,
      order: world.next(),
      at: world.now,
      named,
      fate: fate.name,
      applied: false,
      answered: null,
    };
    this.log.push(sent);
    world.tell(() => `  send    ${request.target}  [${fate.name}]`);
    if (fate.appliesAfterMs === 0) this.#apply(sent);
    else if (fate.appliesAfterMs < NEVER) world.after(fate.appliesAfterMs, () => this.#apply(sent));

    const { timeoutMs, signal, canAnswer, deliver } = options;
    let isOpen = true;
    const end = (observation: Observation, meaning: Meaning): void => {
      if (!isOpen) return;
      isOpen = false;
      callOff();
      signal?.removeEventListener('abort', abort);
      if (!canAnswer()) return;
      sent.answered = { order: world.next(), at: world.now, meaning };
      this.faultsSeen.set(fate.name, (this.faultsSeen.get(fate.name) ?? 0) + 1);
      world.tell(() => `  answer  ${request.target}  ${describe(observation)}`);
      deliver(observation);
    };
    const abort = (): void =>
      end(
        { kind: 'sent', code: ABORTED, message: 'aborted' },
        { says: 'silence', status: null, isAborted: true },
      );
    const isInTime = fate.answersAfterMs <= timeoutMs;
    const callOff = world.after(isInTime ? fate.answersAfterMs : timeoutMs, () => {
      if (isInTime) end(fate.observation, fate.meaning);
      else end({ kind: 'sent', code: TIMED_OUT, message: 'no answer in time' }, SILENT);
    });
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted === true) world.after(0, abort);
    return sent;
  }

  #apply(sent: Sent): void {
    if (sent.named === null) return;
    const { kind, id, mode } = sent.named;
    const key = `${kind} ${id}`;
    const state = this.objects.get(key);
    if (state === undefined || state === 'hard' || (state === 'soft' && mode === 'soft')) return;
    this.objects.set(key, mode);
    sent.applied = true;
    this.#world.tell(() => `  applied ${key} ${mode}`);
  }

  #fateOf(named: Sent['named']): Fate {
    const chance = this.#chance;
    const { latencyMs: mostMs, serverAheadMs, faults } = this.#scenario;
    const latencyMs = 1 + chance.next() * mostMs;
    const draw = { chance, latencyMs, serverTime: this.#world.wall() + latencyMs + serverAheadMs };
    const bad = this.#isHealed ? undefined : this.#badTime();
    if (bad === '429') return shortlyThrottled(draw);
    if (bad !== undefined) return faultyFate(BAD_TIMES[bad], draw);
    if (this.#isKeyRevoked) return refusedKey(draw);
    if (this.#isHealed) return this.#truth(named, latencyMs);
    for (const [fault, share] of Object.entries(faults) as [Fault, number][]) {
      if (share > 0 && chance.is(share)) return faultyFate(fault, draw);
    }
    return this.#truth(named, latencyMs);
  }

  #badTime(): Exclude<BadTime['how'], '401'> | undefined {
    const { now } = this.#world;
    for (const { how, from, to } of this.#scenario.badTimes) {
      if (how !== '401' && from <= now && now < to) return how;
    }
    return undefined;
  }

  /** What an undisturbed server does. */
  #truth(named: Sent['named'], latencyMs: number): Fate {
    const state = named === null ? undefined : this.objects.get(`${named.kind} ${named.id}`);
    const { softAgain, unknownIs } = this.#scenario;
    const again = named?.mode === 'hard' || softAgain === '200';
    const isKnown = state === 'live' || (state === 'soft' && again);
    if (isKnown) {
      const body = this.#chance.pick(['', '', '{}', '{"message":"ok"}', '{"ok":true}']);
      const status = this.#chance.pick([200, 200, 204]);
      return answer('none', latencyMs, { says: 'confirmed', applies: 0, status, body });
    }
    const error = unknownIs === '400' ? `Invalid ${named?.kind ?? 'video'}_id` : 'Not found';
    return answer('none', latencyMs, {
      says: 'unknown_id',
      applies: NEVER,
      status: unknownIs === '400' ? 400 : 404,
      body: JSON.stringify({ error: `${error} ${this.#chance.is(0.1) ? HOSTILE_WORDS : ''}`.trim() }),
    });
  }
}

/** Reads a request target as strictly as a server could: anything else names nothing that may be deleted. */
function readTarget(target: string): { kind: Kind; id: string; mode: Mode } | null {
  const match = /^\/v2\/(video|replica)s\/([^/?#%.]+)(\?hard=true)?$/.exec(target);
  if (match === null) return null;
  const [, kind, id = '', hard] = match;
  return { kind: kind === 'video' ? 'video' : 'replica', id, mode: hard === undefined ? 'soft' : 'hard' };
}

function describe(observation: Observation): string {
  if (observation.kind !== 'answer') return `${observation.kind} ${observation.code}`;
  const after = observation.headers['retry-after'];
  return `${observation.status}${after === undefined ? '' : ` retry-after ${String(after)}`}`;
}
