import { idProblem } from '../ids.ts';
import type { Kind, Mode } from '../types.ts';
import type { CheckedOptions } from './check-options.ts';
import { randomFor, wholeNumber } from './random.ts';

/** What became of an object; there is no way back. */
export type ObjectState = 'live' | 'soft' | 'hard';

/** What a delete did: whether it is answered with success, and whether it changed anything. */
export interface DeleteEffect {
  readonly succeeds: boolean;
  readonly applied: boolean;
}

/** The objects of the fake account, and the rules by which they are deleted. */
export interface Account {
  /** Deletes if the API would; `softTwice` decides about a soft delete of what is softly deleted. */
  remove(kind: Kind, id: string, how: { mode: Mode; softTwice: 'ok' | 'invalid' }): DeleteEffect;
  /** `undefined` for an ID that the account does not know. */
  find(kind: Kind, id: string): ObjectState | undefined;
  /** IDs in creation order, hard-deleted ones left out. */
  listed(kind: Kind): string[];
  /** Stock replicas, which belong to no account. */
  readonly stock: ReadonlySet<string>;
  count(kind: Kind): { live: number; softDeleted: number; hardDeleted: number };
}

/** An account with the objects that `options` ask for; the same options give the same objects. */
export function createAccount(options: CheckedOptions): Account {
  const objects: Readonly<Record<Kind, Map<string, ObjectState>>> = {
    video: new Map(generateIds(options.seed, 'video', options.videos).map((id) => [id, 'live'])),
    replica: new Map(generateIds(options.seed, 'replica', options.replicas).map((id) => [id, 'live'])),
  };
  for (const id of options.ids.videos) objects.video.set(id, 'live');
  for (const id of options.ids.replicas) objects.replica.set(id, 'live');
  const stock = new Set(
    generateIds(options.seed, 'stock', options.stockReplicas).filter((id) => !objects.replica.has(id)),
  );

  function find(kind: Kind, id: string): ObjectState | undefined {
    const state = objects[kind].get(id);
    if (state !== undefined || !options.acceptAnyId) return state;
    if (kind === 'replica' && stock.has(id)) return undefined;
    return idProblem(kind, id, { anyShape: false }) === undefined ? 'live' : undefined;
  }

  return {
    stock,
    find,
    remove(kind, id, { mode, softTwice }) {
      const state = find(kind, id);
      if (state === undefined || state === 'hard') return { succeeds: false, applied: false };
      if (state === mode) return { succeeds: softTwice === 'ok', applied: false };
      objects[kind].set(id, mode);
      return { succeeds: true, applied: true };
    },
    listed(kind) {
      return [...objects[kind]].filter(([, state]) => state !== 'hard').map(([id]) => id);
    },
    count(kind) {
      const counts = { live: 0, softDeleted: 0, hardDeleted: 0 };
      for (const state of objects[kind].values()) counts[COUNTED_AS[state]] += 1;
      return counts;
    },
  };
}

const COUNTED_AS = { live: 'live', soft: 'softDeleted', hard: 'hardDeleted' } as const;

/** Distinct IDs in the shapes that the API uses: 10 hex digits, or `r` and 11. */
function generateIds(seed: number, what: Kind | 'stock', count: number): string[] {
  const random = randomFor(seed, `ids ${what}`);
  const ids = new Set<string>();
  const digits = what === 'video' ? 10 : 11;
  while (ids.size < count) {
    const left = wholeNumber(random, 0, 16 ** 5 - 1);
    const right = wholeNumber(random, 0, 16 ** (digits - 5) - 1);
    const hex = left.toString(16).padStart(5, '0') + right.toString(16).padStart(digits - 5, '0');
    ids.add(what === 'video' ? hex : `r${hex}`);
  }
  return [...ids];
}
