/**
 * The corpus of hostile manifests: real files, each with the place and the problem that the operator must be told.
 * Every one must be exit 2 before anything is sent.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostileCase } from './hostile-case.ts';
import { HOSTILE_FILES } from './hostile-files.ts';
import { HOSTILE_VALUES } from './hostile-ids.ts';
import { HOSTILE_JSON } from './hostile-json.ts';
import { HOSTILE_TEXTS } from './hostile-text.ts';

export const HOSTILE_MANIFESTS: readonly HostileCase[] = [
  ...HOSTILE_VALUES,
  ...HOSTILE_TEXTS,
  ...HOSTILE_JSON,
  ...HOSTILE_FILES,
];

/** A case and where its file is. */
export interface WrittenCase {
  readonly hostile: HostileCase;
  readonly path: string;
}

/** Writes cases into a folder, each into one of its own, which is numbered. */
export function writeCases(folder: string, cases: readonly HostileCase[]): readonly WrittenCase[] {
  return cases.map((hostile, index) => {
    const own = join(folder, String(index + 1).padStart(4, '0'));
    mkdirSync(own);
    const path = join(own, hostile.file);
    const { content } = hostile;
    if (typeof content === 'function') content(path);
    else if (content !== undefined) writeFileSync(path, content);
    return { hostile, path };
  });
}
