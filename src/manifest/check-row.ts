import { idProblem } from '../ids.ts';
import { printable } from '../printable.ts';
import type { Kind, ManifestRow, Mode } from '../types.ts';
import { kindOf, modeNamed, textProblem, trimSpaces } from './check-values.ts';
import type { ColumnOf, RawRecord, RowProblem } from './raw-record.ts';

export interface RowRules {
  /** Index of the file into the run's sources. */
  readonly source: number;
  /** For rows that do not say; without it such rows are invalid. */
  readonly kind: Kind | undefined;
  readonly mode: Mode;
  readonly anyIdShape: boolean;
}

/** A manifest row from what the file says. IDs come out exactly as they went in, or the row is invalid. */
export function checkRow(record: RawRecord, columnOf: ColumnOf, rules: RowRules): ManifestRow {
  if (record.problem !== undefined) return invalidRow(record, record.problem, rules.source);
  const said = kindOf(record, columnOf);
  if (typeof said === 'object') return invalidRow(record, said, rules.source);
  const kind = said ?? rules.kind;
  if (kind === undefined) {
    const problem =
      'kind is missing; never guessed, so add a kind column or pass --kind video or --kind replica';
    return invalidRow(record, { column: columnOf('kind'), value: '', problem }, rules.source);
  }
  const modeText = trimSpaces(record.mode);
  const mode = modeText === '' ? rules.mode : modeNamed(modeText);
  if (mode === undefined) {
    const problem = 'is no mode; expected soft or hard (lower case)';
    return invalidRow(record, { column: columnOf('mode'), value: record.mode, problem }, rules.source);
  }
  const wrongId = idProblem(kind, record.id, { anyShape: rules.anyIdShape });
  if (wrongId !== undefined) {
    const problem = record.id === '' ? `id ${wrongId}` : wrongId;
    return invalidRow(record, { column: columnOf('id'), value: record.id, problem }, rules.source);
  }
  const wrongText = textProblem(record, columnOf);
  if (wrongText !== undefined) return invalidRow(record, wrongText, rules.source);
  const { id, reason, ticket, line } = record;
  return { valid: true, kind, id, mode, reason, ticket, source: rules.source, line };
}

function invalidRow(record: RawRecord, wrong: RowProblem, source: number): ManifestRow {
  return {
    valid: false,
    source,
    line: record.line,
    column: wrong.column,
    value: printable(wrong.value),
    problem: wrong.problem,
    kind: printable(record.kind === '' ? (record.impliedKind ?? '') : record.kind),
    id: printable(record.id),
    mode: printable(record.mode),
    reason: printable(record.reason),
    ticket: printable(record.ticket),
  };
}
