/** What is wrong with a job file, as sentences with places: what was expected and what was found. */
import type { z } from 'zod';
import { nearest } from '../did-you-mean.ts';
import { shownName } from '../key-like.ts';
import { shown, UNNAMED, type Flaw, type KeyPath, type PlainValue } from './plain-value.ts';

type Issue = z.core.$ZodIssue;

/** The problems that the schema sees, each at its place; `keysAt` names the keys that are known at a path. */
export function schemaFlaws(
  issues: readonly Issue[],
  file: PlainValue,
  keysAt: (path: KeyPath) => readonly string[],
): readonly Flaw[] {
  return issues
    .flatMap((issue) => flawsOf(issue, [], file, keysAt))
    .filter(({ path }) => !file.isFlawed(path));
}

/** `limits.deletions`, `manifests[0]`; empty for the whole file. A name that is none of ours may be a key and is not shown. */
export function pathText(path: KeyPath): string {
  return path
    .filter((part) => !String(part).startsWith(UNNAMED))
    .map((part) => {
      if (typeof part === 'number') return `[${part}]`;
      return `.${/^[A-Za-z]{1,20}$/.test(part) ? part : '…'}`;
    })
    .join('')
    .replace(/^\./, '');
}

function flawsOf(
  issue: Issue,
  around: KeyPath,
  file: PlainValue,
  keysAt: (path: KeyPath) => readonly string[],
): readonly Flaw[] {
  const path: KeyPath = [...around, ...issue.path.filter((part) => typeof part !== 'symbol')];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey(path, key, file, keysAt(path)));
  }
  if (issue.code === 'invalid_union') {
    // The shape that was meant: the one that is not wrong as a whole.
    const meant = issue.errors.find((issues) => !issues.some(isWrongType));
    if (meant) return meant.flatMap((inner) => flawsOf(inner, path, file, keysAt));
  }
  return [{ path, offset: file.offsetAt(path), problem: problemOf(issue, path, file) }];
}

function isWrongType(issue: Issue): boolean {
  return issue.path.length === 0 && issue.code === 'invalid_type';
}

function unknownKey(path: KeyPath, key: string, file: PlainValue, known: readonly string[]): Flaw {
  const near = nearest(key, known);
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  const offset = file.part([...path, key])?.keyOffset ?? 0;
  return { path, offset, problem: `${shownName(key)} is not a key here${hint}` };
}

function problemOf(issue: Issue, path: KeyPath, file: PlainValue): string {
  const part = file.part(path);
  if (!part) return `missing; expected ${issue.message}`;
  const isScalar = part.source !== undefined;
  const found = foundText(file.valueAt(path), part.source ?? '', path);
  const needsQuotes =
    issue.code === 'invalid_type' && issue.expected === 'string' && isScalar && part.source !== '';
  return `expected ${issue.message}, found ${found}${needsQuotes ? '; a text that looks like a number or a word of YAML needs quotes' : ''}`;
}

function foundText(value: unknown, source: string, path: KeyPath): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'no keys' : 'keys and values';
  // What gives access to a notification service may be anywhere in its URL or arguments.
  if (path[0] === 'notify') return 'something else (not shown: it may give access)';
  return typeof value === 'string' ? shown(value) : source;
}
