import type { Kind } from './types.ts';

/**
 * The rules for IDs (CONTRACT.md 3). IDs are never changed: not trimmed, not case-folded, not normalised.
 * The API documents no format; the shapes are those seen in its own examples (seeds: `8a4f94e736`, `rf4e9d9790f0`).
 */

/** The hard gate: nothing else ever becomes part of a URL. No `i`, `u` or `m` flag, which would let other characters in. */
const SAFE_ID = /^[A-Za-z0-9_-]{4,64}$/;

const SHAPES: Readonly<Record<Kind, RegExp>> = {
  video: /^[0-9a-f]{7,16}$/,
  replica: /^r[0-9a-f]{6,15}$/,
};

/** What a spreadsheet makes of a hex ID that happens to look like a number: `1.23E+08`, `12345678,5`, `#NAME?`. */
const SPREADSHEET = /^(?:[+-]?\d+(?:[.,]\d+)?E[+-]?\d+|[+-]?\d+[.,]\d+|#(?:NAME\?|NUM!|VALUE!|REF!|N\/A))$/i;

export interface IdRules {
  /** Lift the shape check of the kind; the hard gate stays. */
  readonly anyShape: boolean;
}

/** What is wrong with an ID in a row of this kind, as a phrase that fits after the value; `undefined` when it may be planned. */
export function idProblem(kind: Kind, id: string, rules: IdRules): string | undefined {
  // Almost all are fine, and there are millions of them.
  if (SHAPES[kind].test(id)) return undefined;
  if (id === '') return 'is empty; expected an ID';
  if (id !== id.trim()) return 'has spaces around it; IDs are never trimmed, so remove them';
  const looksLikeNumber = SPREADSHEET.test(id);
  if (!SAFE_ID.test(id)) {
    if (looksLikeNumber) return 'looks changed by a spreadsheet; export the IDs as text';
    return 'is not an ID; expected 4 to 64 of A-Z a-z 0-9 _ -';
  }
  if (rules.anyShape) return undefined;
  const other = kind === 'video' ? 'replica' : 'video';
  if (SHAPES[other].test(id)) return `looks like a ${other} ID in a ${kind} row`;
  if (looksLikeNumber || (kind === 'video' && /^\d{4,6}$/.test(id))) {
    return 'looks changed by a spreadsheet; export the IDs as text';
  }
  if (/^p[0-9a-f]{6,15}$/.test(id)) return `looks like a persona ID in a ${kind} row`;
  if (SHAPES[kind].test(id.toLowerCase())) {
    return `has capital letters; ${kind} IDs are lower case and are never changed`;
  }
  return `does not look like a ${kind} ID; expected ${expectedShape(kind)} (--unsafe-any-id-shape lifts this check)`;
}

/** Whether the ID may become part of a request URL at all. */
export function isSafeId(id: string): boolean {
  return SAFE_ID.test(id);
}

function expectedShape(kind: Kind): string {
  return kind === 'video' ? '7 to 16 of 0-9 a-f' : '"r" and 6 to 15 of 0-9 a-f';
}
