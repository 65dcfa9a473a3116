import type { PlanHeader, ResultRow, Summary } from '../../src/types.ts';
import type { LifeStory, Sent } from './history.ts';
import type { RunDb } from './run-db.ts';
import type { Item, Scenario } from './scenario.ts';
import type { Server } from './server.ts';
import type { World } from './world.ts';

/** What one life left behind, as anybody can read it afterwards. */
export interface Report {
  readonly story: LifeStory;
  /** Whether nothing failed any more. */
  readonly isHealed: boolean;
  readonly rows: readonly ResultRow[];
  /** `null` when the run was killed before its file knew that it had been started. */
  readonly summary: Summary | null;
}

/** Everything the oracle may know. It shares no code with the program, but for the types of what it reads. */
export interface Evidence {
  readonly scenario: Scenario;
  readonly header: PlanHeader;
  readonly server: Server;
  readonly run: RunDb;
  readonly world: World;
  readonly reports: readonly Report[];
  readonly sent: readonly Sent[];
}

/** Says that a promise was broken; the text begins with the number of its invariant. */
export type Blame = (violation: string) => void;

/** What must be deleted, in order, from the manifest alone. */
export function plannedItems({ scenario }: Pick<Evidence, 'scenario'>): Item[] {
  const wanted = scenario.items.filter(({ listed }) => listed === 'once' || listed === 'twice');
  return [
    ...wanted.filter(({ kind }) => kind === 'video'),
    ...wanted.filter(({ kind }) => kind === 'replica'),
  ];
}
