import { KINDS, MODES } from '../types.ts';
import type { Kind, Mode } from '../types.ts';
import type { ColumnOf, RawRecord, RowProblem } from './raw-record.ts';

/** A value without the spaces around it; only kinds and modes are ever trimmed. */
export function trimSpaces(value: string): string {
  // Most values have none, and there are millions of them.
  return value.startsWith(' ') || value.endsWith(' ') ? value.replaceAll(/^ +| +$/g, '') : value;
}

function kindNamed(value: string): Kind | undefined {
  return KINDS.find((kind) => kind === value);
}

/** The mode that is written exactly so. */
export function modeNamed(value: string): Mode | undefined {
  return MODES.find((mode) => mode === value);
}

/**
 * The kind that a row says, by its own value or by the column or list it stands in; `undefined` when it says none.
 * A problem when the value is no kind or contradicts the rest.
 */
export function kindOf(record: RawRecord, columnOf: ColumnOf): Kind | undefined | RowProblem {
  const value = trimSpaces(record.kind);
  if (value === '') return record.impliedKind;
  const kind = kindNamed(value);
  if (kind === undefined) {
    return {
      column: columnOf('kind'),
      value: record.kind,
      problem: 'is no kind; expected video or replica (lower case)',
    };
  }
  if (record.impliedKind === undefined || record.impliedKind === kind) return kind;
  return {
    column: columnOf('kind'),
    value: record.kind,
    problem: `contradicts the column or list it stands in, which says ${record.impliedKind}`,
  };
}

/** What is wrong with the free texts of a row: they must not hold control characters, line breaks included. */
export function textProblem(record: RawRecord, columnOf: ColumnOf): RowProblem | undefined {
  for (const field of ['reason', 'ticket'] as const) {
    const value = record[field];
    if (value !== '' && /[\p{Cc}\p{Cs}]/u.test(value)) {
      return {
        column: columnOf(field),
        value,
        problem: `has a control character or line break in the ${field}; expected one line of text`,
      };
    }
  }
  return undefined;
}
