import type { PlanOptions } from '../../src/library.ts';

/** What an attacker or an accident does to a file (RELIABILITY.md 3.1). */
export type Threat =
  | 'path injection'
  | 'unicode'
  | 'encoding'
  | 'control characters'
  | 'CSV structure'
  | 'JSON structure'
  | 'NDJSON structure'
  | 'doubled names'
  | 'spreadsheet damage'
  | 'not an ID'
  | 'wrong kind or mode'
  | 'prototype names'
  | 'too much'
  | 'not a plain file'
  | 'contradictions';

/** One hostile file, and what the operator must be told about it. */
export interface HostileCase {
  readonly threat: Threat;
  /** Says what is wrong with the file; unique together with `file`. */
  readonly name: string;
  readonly file: string;
  /** The bytes of the file, or how to make what is no plain file; `undefined` leaves the name free. */
  readonly content: string | Uint8Array | ((path: string) => unknown) | undefined;
  readonly options?: Partial<PlanOptions>;
  /** `line:column`; empty when the file as a whole is wrong. */
  readonly at: string;
  /** What stands after the place. */
  readonly says: RegExp;
}

/** A case as a row of a table: name, content, place, what is said, options. */
export type CaseRow = readonly [
  name: string,
  content: HostileCase['content'],
  at: string,
  says: RegExp,
  options?: Partial<PlanOptions>,
];

/** Cases that share a threat and a file name. */
export function casesOf(threat: Threat, file: string, rows: readonly CaseRow[]): readonly HostileCase[] {
  return rows.map(([name, content, at, says, options]) => ({
    threat,
    name,
    file,
    content,
    at,
    says,
    ...(options === undefined ? {} : { options }),
  }));
}

/** A text as JSON with nothing but ASCII in it. */
export function asciiJson(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
