import type { Random } from '../ports.ts';
import type { Behaviour } from './behaviour.ts';
import { NORMAL, parseBehaviour } from './behaviour.ts';
import type { CheckedOptions } from './check-options.ts';
import { pick, randomFor, wholeNumber } from './random.ts';
import { createRateWindow } from './rate-window.ts';

/** What is asked, as far as trouble depends on it. */
export interface TroubledRequest {
  readonly method: 'GET' | 'DELETE';
  /** The ID, or `null` for a list. */
  readonly id: string | null;
  /** Path without query; with the method, the seed and the number of the attempt it decides chance. */
  readonly pathname: string;
  readonly apiKey: string | undefined;
  /** Its number among all requests, from 1. */
  readonly n: number;
  /** ms since 1970. */
  readonly now: number;
}

/** Decides what each request meets. */
export interface Trouble {
  /** Counts the attempt and decides. Order: outage, key, rate limit, script, chance. */
  meet(request: TroubledRequest, options: CheckedOptions): Behaviour;
  /** Forgets when the outage began; to be called when its switches change. */
  rearmOutage(): void;
  /** Starts every list of the script from its beginning. */
  restartScript(): void;
}

const BAD_KEY: Behaviour = named('bad-key', '401');
const OUTAGES: Readonly<Record<CheckedOptions['outageAs'], Behaviour>> = {
  reset: named('outage', 'reset-before'),
  '503': named('outage', '503'),
  hang: named('outage', 'hang'),
};

/** Trouble without a past. */
export function createTrouble(): Trouble {
  const window = createRateWindow();
  const attempts = new Map<string, number>();
  const scripted = new Map<string, number>();
  let outageSince: number | null = null;

  function inOutage({ n, now }: TroubledRequest, options: CheckedOptions): boolean {
    if (n <= options.outageAfter) return false;
    outageSince ??= now;
    return now - outageSince < options.outageForMs;
  }

  function fromScript({ method, id }: TroubledRequest, options: CheckedOptions): Behaviour | undefined {
    if (id === null || options.script.size === 0) return undefined;
    const prefix = method === 'GET' ? 'GET ' : '';
    const key = `${prefix}${id}`;
    const words = options.script.get(key) ?? options.script.get(`${prefix}*`);
    if (words === undefined) return undefined;
    const used = scripted.get(key) ?? 0;
    if (used >= words.length) return undefined;
    scripted.set(key, used + 1);
    return words[used];
  }

  function withChance(request: TroubledRequest, options: CheckedOptions): Behaviour {
    const fixed = fromScript(request, options);
    if (!dependsOnChance(options)) return fixed ?? NORMAL;
    const route = `${request.method} ${request.pathname}`;
    const attempt = (attempts.get(route) ?? 0) + 1;
    attempts.set(route, attempt);
    const random = randomFor(options.seed, `${route} ${attempt}`);
    const [min, max] = options.latencyMs;
    const delayMs = wholeNumber(random, min, max);
    const behaviour = fixed ?? byChance(random, options);
    return delayMs === 0 ? behaviour : { ...behaviour, delayMs: behaviour.delayMs + delayMs };
  }

  return {
    meet(request, options) {
      if (inOutage(request, options)) return OUTAGES[options.outageAs];
      if (!isKeyGood(request, options)) return BAD_KEY;
      const limit = options.rateLimit;
      if (limit !== null && !window.accept(request.now, limit.count, limit.windowMs)) {
        return named('rate-limit', `429:${limit.retryAfterSeconds}`);
      }
      return withChance(request, options);
    },
    rearmOutage() {
      outageSince = null;
    },
    restartScript() {
      scripted.clear();
    },
  };
}

/** Whether the request's key is accepted at its turn. */
export function isKeyGood(
  { apiKey, n }: Pick<TroubledRequest, 'apiKey' | 'n'>,
  { apiKeys, revokeKeyAfter }: CheckedOptions,
): boolean {
  return apiKey !== undefined && apiKeys.includes(apiKey) && n <= revokeKeyAfter;
}

function dependsOnChance(options: CheckedOptions): boolean {
  return options.latencyMs[1] > 0 || rates(options).some(([rate]) => rate > 0);
}

/** Each kind of trouble with its rate and the word that it makes. */
function rates(options: CheckedOptions): [number, (random: Random) => string][] {
  const { throttle, errors } = options;
  return [
    [throttle.rate, () => (throttle.retryAfter === null ? '429' : `429:${throttle.retryAfter}`)],
    [
      errors.rate,
      (random) => {
        const status = errors.statuses[wholeNumber(random, 0, errors.statuses.length - 1)] ?? 500;
        return random() < errors.appliedShare ? `${status}-applied` : `${status}`;
      },
    ],
    [options.resetBefore, () => 'reset-before'],
    [options.resetAfter, () => 'reset-after'],
    [options.hang, (random) => (random() < options.hangApplied ? 'hang-applied' : 'hang')],
    [options.html, (random) => pick(random, ['html', 'html-404', 'html-502'])],
    [options.redirect, () => '302'],
  ];
}

/** One draw decides between all kinds of trouble, so that each has exactly its rate. */
function byChance(random: Random, options: CheckedOptions): Behaviour {
  let left = random();
  for (const [rate, word] of rates(options)) {
    if (left < rate) return behaviourOf(word(random));
    left -= rate;
  }
  return NORMAL;
}

function named(name: string, word: string): Behaviour {
  return { ...behaviourOf(word), name };
}

function behaviourOf(word: string): Behaviour {
  const behaviour = parseBehaviour(word);
  if (behaviour === undefined) throw new Error(`the sandbox made a word that it does not know: ${word}`);
  return behaviour;
}
