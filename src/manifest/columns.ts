import { PurgeError } from '../errors.ts';
import { idProblem } from '../ids.ts';
import { printable } from '../printable.ts';
import { KINDS, type Kind } from '../types.ts';
import { sourceError } from './source-error.ts';
import type { Place } from './source-error.ts';

/** Everything that a row of a manifest or a hold file can say. */
export type Field = 'id' | 'kind' | 'mode' | 'until' | 'reason' | 'ticket';

/** What a column (in JSON: a key) means; `kind` is what its name says about every ID in it. */
export interface Meaning {
  readonly field: Field;
  readonly kind: Kind | undefined;
}

/** Why a column (in JSON: a key) refuses its file. */
export interface WrongColumn {
  /** A phrase that fits after the name. */
  readonly problem: string;
  readonly next: string;
}

export interface ColumnRules {
  /** The fields that this sort of file has. */
  readonly fields: readonly Field[];
  /** Our name → the file's name. */
  readonly map?: Readonly<Record<string, string>> | undefined;
  /** Names to ignore; `*` ignores every unknown one. */
  readonly ignore?: readonly string[] | undefined;
  /** Neither --map nor --ignore-columns applies to this sort of file: hold files are read strictly. */
  readonly isStrict?: boolean;
}

/** What the names of columns and keys mean: the same for every file of a command. */
export interface Columns {
  readonly meanings: ReadonlyMap<string, Meaning>;
  readonly ignored: ReadonlySet<string>;
  readonly ignoreUnknown: boolean;
  /** Names that decide what is deleted: `*` ignores nothing that is spelled nearly so. */
  readonly guarded: readonly string[];
  readonly isStrict: boolean;
}

const ID_NAMES: readonly (readonly [string, Kind])[] = [
  ['video_id', 'video'],
  ['replica_id', 'replica'],
];

const GUARDED: ReadonlySet<Field> = new Set(['id', 'kind', 'mode']);

/** How many ignored names are remembered for a warning: a JSON file may have any number. */
const NAMES_REMEMBERED = 10;

/** Works out the names from the rules. Throws `usage` when `map` names a field that does not exist or a name twice. */
export function columnsFor(rules: ColumnRules): Columns {
  const ours = new Map<string, Meaning>();
  for (const field of rules.fields) ours.set(field, { field, kind: undefined });
  for (const [name, kind] of ID_NAMES) ours.set(name, { field: 'id', kind });
  const meanings = new Map(ours);
  const mapped = Object.entries(rules.map ?? {});
  for (const [name] of mapped) {
    if (!ours.has(name)) {
      throw new PurgeError('usage', `--map: "${printable(name, 80)}" is no column of ours.`, {
        next: `Use one of ${[...ours.keys()].join(', ')} before the =.`,
      });
    }
    meanings.delete(name);
  }
  const taken = new Set<string>();
  for (const [name, theirs] of mapped) {
    if (taken.has(theirs)) {
      throw new PurgeError('usage', `--map: the column "${printable(theirs, 80)}" is mapped twice.`);
    }
    taken.add(theirs);
    const meaning = ours.get(name) ?? { field: 'id', kind: undefined };
    // `--map id=video_id` picks the column; its name still says the kind.
    const kind = meaning.kind ?? (meaning.field === 'id' ? ours.get(theirs)?.kind : undefined);
    meanings.set(theirs, { field: meaning.field, kind });
  }
  const guarded = [...meanings].filter(([, { field }]) => GUARDED.has(field)).map(([name]) => name);
  const ignored = new Set(rules.ignore);
  const ignoreUnknown = ignored.delete('*');
  for (const name of ignored) meanings.delete(name);
  return { meanings, ignored, ignoreUnknown, guarded, isStrict: rules.isStrict ?? false };
}

/** Looks up the names of one file. A header or list must name its IDs in one way only. */
export class ColumnLookup {
  readonly #path: string;
  readonly #columns: Columns;
  readonly #ignored = new Set<string>();
  #idName: string | undefined;

  constructor(path: string, columns: Columns) {
    this.#path = path;
    this.#columns = columns;
  }

  /** A list of its own begins, such as `replicas` after `videos`. */
  beginList(): void {
    this.#idName = undefined;
  }

  /** Whether some column has this name. */
  knows(name: string): boolean {
    return this.#columns.meanings.has(name);
  }

  /** The meaning of a name, what is wrong with it, or `undefined` when it is to be ignored. */
  find(name: string): Meaning | WrongColumn | undefined {
    const meaning = this.#columns.meanings.get(name);
    if (meaning === undefined) return this.ignores(name) ? undefined : this.#unknown(name);
    if (meaning.field !== 'id') return meaning;
    this.#idName ??= name;
    if (this.#idName === name) return meaning;
    const first = printable(this.#idName, 80);
    return {
      problem: `is a second column of IDs besides "${first}": which one is meant is ambiguous`,
      next: this.#columns.isStrict
        ? 'Keep one column of IDs; the kind can be said in a column kind.'
        : `Say which one counts: --map id=${printable(name, 80)} --ignore-columns ${first}, or the other way round.`,
    };
  }

  /** Whether the operator asked to ignore this name. */
  ignores(name: string): boolean {
    if (this.#ignored.has(name)) return true;
    const { ignored, ignoreUnknown, meanings } = this.#columns;
    if (!ignored.has(name)) {
      if (!ignoreUnknown || meanings.has(name) || this.#nearest(name) !== undefined) return false;
    }
    // Names that the operator spelled out are few, and all are remembered.
    if (ignored.has(name) || this.#ignored.size < NAMES_REMEMBERED) this.#ignored.add(name);
    return true;
  }

  /** What a reviewer should know about the columns that were left out of this file, as phrases. */
  warnings(): readonly string[] {
    const warnings: string[] = [];
    const others: string[] = [];
    for (const name of this.#ignored) {
      const shown = `"${printable(name, 40)}"`;
      const near = this.#nearest(name);
      if (near === undefined) others.push(shown);
      else warnings.push(`the column ${shown} is IGNORED, although it looks like ${printable(near, 40)}`);
    }
    if (others.length > 0) {
      const more = this.#ignored.size < NAMES_REMEMBERED ? '' : ', perhaps more';
      warnings.push(`columns ignored: ${others.join(', ')}${more}`);
    }
    return warnings;
  }

  /** Throws `usage` that says a file has no column of IDs. */
  refuseMissingId(place: Place, next?: string): never {
    throw sourceError(this.#path, place, 'has no column of IDs; expected id, video_id or replica_id', {
      next:
        next ??
        (this.#columns.isStrict
          ? 'Name the column of IDs id in the header line.'
          : 'Add a header line, or say which column it is: --map id=<column>.'),
    });
  }

  /** The guarded name that this one is, or nearly is. */
  #nearest(name: string): string | undefined {
    return this.#columns.guarded.find((ours) => isNearly(name.toLowerCase(), ours.toLowerCase()));
  }

  #unknown(name: string): WrongColumn {
    const expected = [...this.#columns.meanings.keys()].join(', ');
    const problem = name === '' ? 'is a column without a name' : 'is an unknown column';
    const isAnId = KINDS.some((kind) => idProblem(kind, name, { anyShape: false }) === undefined);
    const near = this.#columns.ignoreUnknown ? this.#nearest(name) : undefined;
    if (near !== undefined) {
      return {
        problem: `${problem}; expected ${expected} (lower case)`,
        next: `Did you mean ${printable(near, 80)}? * ignores no column that looks like it; if it is to be ignored, name it: --ignore-columns '*,${printable(name, 80)}'.`,
      };
    }
    const advice = this.#columns.isStrict
      ? 'Correct the name, or remove the column from the file.'
      : 'Correct the name, or ignore the column: --ignore-columns <name>.';
    return {
      problem: `${problem}; expected ${expected} (lower case)`,
      next: isAnId ? 'This looks like an ID: the file has no header line. Add one, such as id,kind.' : advice,
    };
  }
}

/** Whether two texts are the same but for one character: another, missing or added one. */
function isNearly(a: string, b: string): boolean {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let [endA, endB] = [a.length, b.length];
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) {
    endA--;
    endB--;
  }
  return endA - start <= 1 && endB - start <= 1;
}
