import { resolve } from 'node:path';
import type { EntrySource } from '../ports.ts';
import { printable } from '../printable.ts';
import type { Kind, ManifestFormat, ManifestRow, Mode, SourceSummary } from '../types.ts';
import { checkRow } from './check-row.ts';
import { columnsFor } from './columns.ts';
import type { Columns } from './columns.ts';
import { findFiles } from './find-files.ts';
import type { FoundFile } from './find-files.ts';
import { ProblemList } from './problem-list.ts';
import { openBytes } from './read-bytes.ts';
import { readRecords } from './read-records.ts';
import { sourceError } from './source-error.ts';

/** How manifests are read; every option applies to all of them. */
export interface ReadOptions {
  /** The kind of rows that do not say; without it they are invalid. */
  readonly kind?: Kind | undefined;
  /** The mode of rows that do not say; `soft` by default. */
  readonly mode?: Mode | undefined;
  readonly format?: ManifestFormat | undefined;
  /** What separates CSV columns: one character, a comma by default. */
  readonly delimiter?: string | undefined;
  /** Our column name → the manifest's. */
  readonly map?: Readonly<Record<string, string>> | undefined;
  /** Columns to ignore; `*` ignores every unknown one. */
  readonly ignoreColumns?: readonly string[] | undefined;
  /** Lift the shape check of the kind; the hard gate for IDs stays. */
  readonly anyIdShape?: boolean | undefined;
  /** What `-` reads. */
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
  /** What relative names are relative to. */
  readonly cwd?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Finds the manifests that `patterns` name (files, globs, folders, `-`) and offers their rows, valid or not, in order;
 * IDs are never changed. Throws a `usage` PurgeError here when a pattern names nothing or a file twice, and while
 * reading when a file is wrong as a whole.
 */
export async function openManifests(patterns: readonly string[], options: ReadOptions): Promise<EntrySource> {
  const columns = columnsFor({
    fields: ['id', 'kind', 'mode', 'reason', 'ticket'],
    map: options.map,
    ignore: options.ignoreColumns,
  });
  const files = await findFiles(patterns, resolve(options.cwd ?? '.'));
  if (options.format === undefined && files.some(({ file }) => file === null)) {
    throw sourceError('-', undefined, 'the format of standard input is not known', {
      next: 'Pass --format csv, --format json or --format ndjson.',
    });
  }
  const summaries: SourceSummary[] = [];
  const warnings: Warnings = new Map();
  return {
    pages: () => readAll(files, { options, columns, summaries, warnings }),
    summaries: () => summaries,
    warnings: () => [...warnings].map(([warning, paths]) => warningAbout(paths, warning)),
  };
}

/** What is worth a warning, with the manifests that it is about. */
type Warnings = Map<string, string[]>;

function warningAbout([path = '', ...others]: readonly string[], warning: string): string {
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return `${printable(path)}${more}: ${warning}.`;
}

interface Reading {
  readonly options: ReadOptions;
  readonly columns: Columns;
  readonly summaries: SourceSummary[];
  readonly warnings: Warnings;
}

async function* readAll(
  files: readonly FoundFile[],
  reading: Reading,
): AsyncGenerator<readonly ManifestRow[], void, void> {
  const { options, columns, summaries, warnings } = reading;
  const problems = new ProblemList();
  for (const [source, file] of files.entries()) {
    const rules = {
      source,
      kind: options.kind,
      mode: options.mode ?? 'soft',
      anyIdShape: options.anyIdShape ?? false,
    };
    try {
      const bytes = await openBytes(file, options);
      const summary = yield* readRecords(
        bytes,
        { columns, format: options.format, delimiter: options.delimiter },
        (record, columnOf) => {
          const row = checkRow(record, columnOf, rules);
          if (!row.valid) problems.add(file.path, row.line, row);
          return row;
        },
      );
      const { format, sha256, records } = summary;
      summaries.push({ path: file.path, format, sha256, entries: records });
      for (const warning of summary.warnings) {
        const paths = warnings.get(warning);
        if (paths === undefined) warnings.set(warning, [file.path]);
        else paths.push(file.path);
      }
    } catch (error) {
      throw problems.addedTo(error);
    }
  }
}
