import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RepeatedEntry } from '../../src/ports.ts';
import { SqlitePlanDraft, trialDraft } from '../../src/store/plan-draft.ts';
import { KINDS, MODES, type ManifestEntry, type Mode } from '../../src/types.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const IDS = ['8a4f94e736', '8a4f94e737', 'rf4e9d9790', 'a5a5a5a5a5'];

const entries = fc.array(
  fc.record({
    kind: fc.constantFrom(...KINDS),
    mode: fc.constantFrom(...MODES),
    id: fc.constantFrom(...IDS),
  }),
  { maxLength: 12 },
);

describe('a draft of a plan', () => {
  test('keeps the first entry of each ID, and tells of each other one in manifest order, with the place of the first', () => {
    fc.assert(
      fc.property(entries, (rows) => {
        const draft = trialDraft();
        const listed = rows.map(entryAt);
        for (const entry of listed) draft.add(entry);
        const repeated: RepeatedEntry[] = [];
        draft.dropRepeated((entry) => repeated.push(entry));

        const firstOf = new Map(listed.toReversed().map((entry) => [entry.id, entry]));
        const isFirst = (entry: ManifestEntry): boolean => firstOf.get(entry.id) === entry;
        expect(repeated).toEqual(
          listed
            .filter((entry) => !isFirst(entry))
            .map((entry) => ({ id: entry.id, ...placeOf(entry), earlier: placeOf(firstOf.get(entry.id)) })),
        );
        const kept = listed.filter(isFirst);
        expect(
          Array.from(draft.plannedPages())
            .flat()
            .map(({ id }) => id),
        ).toEqual(KINDS.flatMap((kind) => kept.filter((entry) => entry.kind === kind).map(({ id }) => id)));
        expect(draft.counts().planned).toBe(kept.length);
        draft.discard();
      }),
    );
  });

  test('may have any text more than once in invalid rows, also that of a planned ID', () => {
    const draft = trialDraft();
    const { id, kind, mode, source, reason, ticket } = entryAt(
      { kind: 'video', mode: 'soft', id: IDS[0] },
      0,
    );
    const invalid = { valid: false, column: 1, value: id, problem: 'is wrong', id, kind, mode } as const;
    draft.addInvalid({ ...invalid, source, line: 2, reason, ticket });
    draft.add(entryAt({ kind: 'video', mode: 'soft', id }, 1));
    draft.addInvalid({ ...invalid, source, line: 4, reason, ticket });
    draft.dropRepeated(() => expect.unreachable());
    expect(draft.counts()).toMatchObject({ planned: 1, skipped: { invalid: 2 } });
    draft.discard();
  });

  test('with a mode that there is not is refused as damaged, and never counted as smaller than it is', () => {
    const draft = trialDraft();
    draft.add(entryAt({ kind: 'video', mode: 'soft', id: IDS[0] }, 0));
    // oxlint-disable-next-line no-unsafe-type-assertion -- what only damage can write
    draft.add(entryAt({ kind: 'video', mode: 'medium' as Mode, id: IDS[1] }, 1));
    draft.dropRepeated(() => expect.unreachable());
    expect(() => draft.counts()).toThrow('2 deletions are planned, but only 1 of a kind and mode');
    draft.discard();
  });

  test('is one file once it is closed, whose name may hold a quote, and cannot be closed before each ID is there once', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, "it's a run.db");
    const draft = new SqlitePlanDraft('run', path);
    draft.add(entryAt({ kind: 'video', mode: 'soft', id: IDS[0] }, 0));
    expect(() => draft.close()).toThrow('may be repeated');
    draft.dropRepeated(() => expect.unreachable());
    draft.close();
    expect(await readdir(folder)).toEqual(["it's a run.db"]);
  });
});

function entryAt(
  { kind, mode, id = '' }: Pick<ManifestEntry, 'kind' | 'mode'> & { readonly id?: string | undefined },
  index: number,
): ManifestEntry {
  return { valid: true, kind, mode, id, source: 0, line: index + 2, reason: 'old', ticket: '' };
}

function placeOf(entry: ManifestEntry | undefined): object {
  return { kind: entry?.kind, mode: entry?.mode, source: entry?.source, line: entry?.line };
}
