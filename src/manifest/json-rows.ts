import type { PurgeError } from '../errors.ts';
import type { Kind } from '../types.ts';
import type { ColumnLookup, Field } from './columns.ts';
import type { JsonError, JsonEvents, Scalar } from './json-tokens.ts';
import type { ColumnOf, RecordSink, RowProblem } from './raw-record.ts';
import { sourceError } from './source-error.ts';
import type { TextScanner } from './text-scanner.ts';

const DOUBLED = 'is there twice; one of the two would win silently';
const GROUPS: ReadonlyMap<string, Kind> = new Map([
  ['videos', 'video'],
  ['replicas', 'replica'],
]);

export interface JsonSource {
  readonly path: string;
  readonly scanner: TextScanner;
  readonly columns: ColumnLookup;
  /** NDJSON: one object a line. */
  readonly lines: boolean;
}

/**
 * Makes rows of what the tokens say: wrong values make a wrong row, and so do unknown and doubled keys, which refuse
 * the file besides. Throws `usage` when the lists around the rows are wrong.
 */
export class JsonRows implements JsonEvents {
  readonly #path: string;
  readonly #scanner: TextScanner;
  readonly #columns: ColumnLookup;
  readonly #lines: boolean;
  readonly #sink: RecordSink;
  readonly #groups = new Set<string>();
  /** The number of containers around a row. */
  #rowDepth: number;
  /** The depth of the value that is being passed over; -1 when none is. */
  #skipDepth = -1;
  #groupKind: Kind | undefined;
  #inIgnoredGroup = false;
  #row: JsonRow;
  /** NDJSON: the line at hand has a row, which counts once nothing else is found on the line. */
  #hasRow = false;
  #refusal: PurgeError | undefined;
  /** The field whose value comes next; `undefined` when its key is to be ignored. */
  #field: Field | undefined;
  readonly #columnOf: ColumnOf = (field) => this.#row.columns[field] ?? this.#row.column;

  constructor(source: JsonSource, sink: RecordSink) {
    this.#path = source.path;
    this.#scanner = source.scanner;
    this.#columns = source.columns;
    this.#lines = source.lines;
    this.#sink = sink;
    this.#rowDepth = source.lines ? 0 : 1;
    this.#row = this.#newRow();
  }

  /** Why the file is refused, although its rows could be read on: the first such problem. */
  get refusal(): PurgeError | undefined {
    return this.#refusal;
  }

  /** NDJSON: a line has ended, in order or broken. Blank lines have no row. */
  endLine(broken: JsonError | undefined): void {
    if (broken !== undefined) {
      const { place, value = '', problem } = broken;
      if (this.#row.line !== place.line) this.#row = { ...this.#newRow(), ...place };
      this.#row.problem ??= { column: place.column, value, problem };
      this.#skipDepth = -1;
    }
    if (broken !== undefined || this.#hasRow) this.#sink(this.#row, this.#columnOf);
    this.#hasRow = false;
  }

  openContainer(container: 'array' | 'object', depth: number): void {
    if (this.#skipDepth !== -1) return;
    if (depth < this.#rowDepth) return this.#openOuter(container, depth);
    if (depth === this.#rowDepth && container === 'object') {
      this.#row = this.#newRow();
      return;
    }
    this.#skipDepth = depth;
    const shown = container === 'array' ? '[' : '{';
    if (depth === this.#rowDepth) this.#emitWrong(shown);
    else if (this.#field !== undefined) this.#refuseValue(shown);
  }

  closeContainer(depth: number): void {
    if (this.#skipDepth === -1) {
      if (depth === this.#rowDepth) this.#finishRow();
    } else if (this.#skipDepth === depth) this.#skipDepth = -1;
  }

  key(name: string, depth: number): void {
    if (this.#skipDepth !== -1) return;
    if (depth < this.#rowDepth) this.#beginGroup(name);
    else this.#beginField(name);
  }

  scalar(scalar: Scalar, depth: number): void {
    if (this.#skipDepth !== -1) return;
    if (depth < this.#rowDepth) this.#refuseOuter(scalar, depth);
    else if (depth > this.#rowDepth) this.#setField(scalar);
    else if (scalar.type === 'string' && !this.#lines) {
      this.#row = this.#newRow();
      this.#row.id = scalar.text;
      this.#finishRow();
    } else this.#emitWrong(scalar.text);
  }

  /** At the top a list holds rows; an object holds groups, each with a list of rows. */
  #openOuter(container: 'array' | 'object', depth: number): void {
    if (depth === 0) {
      if (container === 'object') this.#rowDepth = 2;
    } else if (this.#inIgnoredGroup) this.#skipDepth = depth;
    else if (container === 'object') this.#refuseGroup('{');
  }

  #refuseOuter(scalar: Scalar, depth: number): void {
    if (depth === 1) {
      if (!this.#inIgnoredGroup) this.#refuseGroup(scalar.text);
      return;
    }
    throw sourceError(this.#path, this.#scanner.here, 'is no list; expected [ … ] or {"videos":[ … ]}', {
      value: scalar.text,
    });
  }

  #refuseGroup(value: string): never {
    throw sourceError(this.#path, this.#scanner.here, 'is no list; expected [ … ] with IDs or rows', {
      value,
    });
  }

  #beginGroup(name: string): void {
    this.#groupKind = GROUPS.get(name);
    this.#inIgnoredGroup = this.#columns.ignores(name);
    if (this.#inIgnoredGroup && this.#groupKind === undefined) return;
    this.#inIgnoredGroup = false;
    const { here } = this.#scanner;
    if (this.#groupKind === undefined) {
      throw sourceError(this.#path, here, 'is an unknown key; expected videos or replicas', {
        value: name,
        next: 'If the file has one object a line, it is NDJSON: pass --format ndjson or name it .ndjson.',
      });
    }
    if (this.#groups.has(name)) throw sourceError(this.#path, here, DOUBLED, { value: name });
    this.#groups.add(name);
    this.#columns.beginList();
  }

  #beginField(name: string): void {
    const meaning = this.#columns.find(name);
    this.#field = undefined;
    if (meaning === undefined) return;
    if ('problem' in meaning) return this.#refuseKey(name, meaning.problem, meaning.next);
    const row = this.#row;
    if (row.columns[meaning.field] !== undefined) return this.#refuseKey(name, DOUBLED, undefined);
    this.#field = meaning.field;
    row.columns[meaning.field] = this.#scanner.column;
    if (meaning.kind === undefined) return;
    if (row.impliedKind !== undefined && row.impliedKind !== meaning.kind) {
      row.problem ??= {
        column: this.#scanner.column,
        value: name,
        problem: `does not belong into the list "${row.impliedKind}s"`,
      };
    }
    row.impliedKind ??= meaning.kind;
  }

  #setField(scalar: Scalar): void {
    if (this.#field === undefined) return;
    this.#row.columns[this.#field] = this.#scanner.column;
    if (scalar.type === 'string') this.#row[this.#field] = scalar.text;
    // Exporters write null for what is not there; an ID must be there.
    else if (scalar.type !== 'null' || this.#field === 'id') this.#refuseValue(scalar.text);
  }

  #refuseValue(value: string): void {
    const expected =
      this.#field === 'id'
        ? 'is no text; expected an ID in quotes (a number would lose digits)'
        : `is no text; expected the ${this.#field ?? 'value'} in quotes`;
    this.#row.problem ??= { column: this.#scanner.column, value, problem: expected };
  }

  #emitWrong(value: string): void {
    this.#row = this.#newRow();
    const problem = this.#lines
      ? 'is no row; expected an object { … } on each line'
      : 'is no row; expected an object { … } or an ID in quotes';
    this.#row.problem = { column: this.#row.column, value, problem };
    this.#finishRow();
  }

  #refuseKey(name: string, problem: string, next: string | undefined): void {
    const { here } = this.#scanner;
    this.#row.problem ??= { column: here.column, value: name, problem };
    this.#refusal ??= sourceError(this.#path, here, problem, { value: name, next });
  }

  #finishRow(): void {
    if (this.#lines) this.#hasRow = true;
    else this.#sink(this.#row, this.#columnOf);
  }

  #newRow(): JsonRow {
    return {
      line: this.#scanner.line,
      column: this.#scanner.column,
      columns: {},
      id: '',
      kind: '',
      mode: '',
      until: '',
      reason: '',
      ticket: '',
      impliedKind: this.#groupKind,
      problem: undefined,
    };
  }
}

interface JsonRow extends Record<Field, string> {
  readonly line: number;
  /** Where the row begins. */
  readonly column: number;
  readonly columns: Partial<Record<Field, number>>;
  impliedKind: Kind | undefined;
  problem: RowProblem | undefined;
}
