import { PurgeError } from '../errors.ts';
import type { EntrySource, Holds, Ledger, PlanDraft, RepeatedEntry } from '../ports.ts';
import { printable } from '../printable.ts';
import type { InvalidRow, ManifestEntry, SkipReason } from '../types.ts';

/** At most this many problems are shown; the rest is counted. */
const SHOWN_PROBLEMS = 20;

export interface CollectOptions {
  /** List invalid rows as skipped instead of refusing the manifest. */
  readonly skipInvalid: boolean;
  /** Plan IDs again that the ledger knows as deleted. */
  readonly again: boolean;
  readonly signal: AbortSignal | undefined;
}

export interface CollectSources {
  readonly source: EntrySource;
  readonly holds: Holds;
  readonly ledger: Ledger;
}

/**
 * Reads all entries into the draft: each ID once, held and already deleted ones as skipped. Answers with the number of
 * exact duplicates. Throws a `usage` PurgeError that lists the problems when a row is invalid or an ID is listed with
 * two modes or kinds, and an `interrupted` one when the signal aborts.
 */
export async function collectEntries(
  from: CollectSources,
  draft: PlanDraft,
  options: CollectOptions,
): Promise<number> {
  const problems = new ProblemList(from.source);
  for await (const page of from.source.pages()) {
    throwIfInterrupted(options.signal);
    for (const row of page) {
      if (!row.valid) {
        if (options.skipInvalid) draft.addInvalid(row);
        else problems.addInvalid(row);
        continue;
      }
      draft.add(row, skipOf(row, from, options));
    }
  }
  let duplicates = 0;
  draft.dropRepeated((entry) => {
    if (entry.earlier.kind === entry.kind && entry.earlier.mode === entry.mode) duplicates += 1;
    else problems.addConflict(entry);
  });
  problems.throwIfAny();
  return duplicates;
}

/** Throws an `interrupted` PurgeError when planning was asked to stop. */
export function throwIfInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new PurgeError('interrupted', 'Interrupted while planning. Nothing was sent.', {
    next: 'plan again',
  });
}

function skipOf(
  entry: ManifestEntry,
  { holds, ledger }: CollectSources,
  options: CollectOptions,
): { readonly why: SkipReason; readonly detail: string } | undefined {
  const hold = holds.find(entry.kind, entry.id);
  if (hold !== undefined) {
    return {
      why: 'held',
      detail: hold.reason === '' ? `listed in ${hold.path}` : `${hold.reason} (${hold.path})`,
    };
  }
  if (options.again) return undefined;
  const known = ledger.find(entry.kind, entry.id);
  // A soft deletion does not stop a hard one.
  if (known === undefined || (known.mode === 'soft' && entry.mode === 'hard')) return undefined;
  const day = new Date(known.at).toISOString().slice(0, 10);
  return { why: 'deleted_before', detail: `${known.mode}-deleted by run ${known.runId} on ${day}` };
}

interface Problem {
  readonly source: number;
  readonly line: number;
  text(path: (source: number) => string): string;
}

/** The problems of all manifests: the first ones as lines, the rest as a number. */
class ProblemList {
  readonly #source: EntrySource;
  /** The first of each sort, in manifest order. */
  readonly #invalid: Problem[] = [];
  readonly #conflicting: Problem[] = [];
  #count = 0;
  #conflicts = 0;

  constructor(source: EntrySource) {
    this.#source = source;
  }

  addInvalid(row: InvalidRow): void {
    this.#add(this.#invalid, {
      source: row.source,
      line: row.line,
      text: (path) =>
        `${path(row.source)}:${row.line}:${row.column}: ${row.value === '' ? '' : `"${row.value}" `}${row.problem}`,
    });
  }

  addConflict(entry: RepeatedEntry): void {
    this.#conflicts += 1;
    const { source, line, earlier } = entry;
    const now = `${entry.kind} ${entry.mode}`;
    const before = `${earlier.kind} ${earlier.mode}`;
    this.#add(this.#conflicting, {
      source,
      line,
      text: (path) =>
        `${path(source)}:${line}:1: "${printable(entry.id)}" is listed as ${now} here and as ${before} at ${path(earlier.source)}:${earlier.line}`,
    });
  }

  throwIfAny(): void {
    if (this.#count === 0) return;
    const summaries = this.#source.summaries();
    const path = (source: number): string => printable(summaries[source]?.path ?? '?');
    const details = [...this.#invalid, ...this.#conflicting]
      .toSorted((a, b) => a.source - b.source || a.line - b.line)
      .slice(0, SHOWN_PROBLEMS)
      .map((problem) => problem.text(path));
    if (this.#count > details.length) details.push(`… and ${this.#count - details.length} more`);
    throw new PurgeError(
      'usage',
      `${this.#count === 1 ? 'One row' : `${this.#count} rows`} cannot be planned. Nothing was sent.`,
      {
        details,
        next:
          this.#conflicts > 0
            ? 'correct the rows, then plan again'
            : 'correct the rows, or add --skip-invalid to leave them out and have them listed',
      },
    );
  }

  #add(problems: Problem[], problem: Problem): void {
    this.#count += 1;
    if (problems.length < SHOWN_PROBLEMS) problems.push(problem);
  }
}
