import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PurgeError } from '../../src/errors.ts';
import { openManifests } from '../../src/manifest/read-manifests.ts';
import type { ReadOptions } from '../../src/manifest/read-manifests.ts';
import type { ManifestRow, SourceSummary } from '../../src/types.ts';

export type Content = string | Uint8Array;

/** A real folder with real manifests in it. */
export class ManifestFolder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), 'manifests-'));

  write(name: string, content: Content): string {
    writeFileSync(join(this.path, name), content);
    return name;
  }

  async read(patterns: readonly string[], options: ReadOptions = {}): Promise<ReadResult> {
    const source = await openManifests(patterns, { cwd: this.path, ...options });
    const rows: ManifestRow[] = [];
    for await (const page of source.pages()) rows.push(...page);
    return { rows, summaries: source.summaries() };
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export interface ReadResult {
  readonly rows: readonly ManifestRow[];
  readonly summaries: readonly SourceSummary[];
}

/** Reads one manifest with this name and content. */
export async function readManifest(
  name: string,
  content: Content,
  options: ReadOptions = {},
): Promise<ReadResult> {
  using folder = new ManifestFolder();
  folder.write(name, content);
  return await folder.read([name], options);
}

/** Rows in one line each: `2 video 8a4f94e736 soft`, or `2:5 "x" problem`. */
export function shown(rows: readonly ManifestRow[]): string[] {
  return rows.map((row) =>
    row.valid
      ? `${row.line} ${row.kind} ${row.id} ${row.mode}`
      : `${row.line}:${row.column} "${row.value}" ${row.problem}`,
  );
}

/** The message of the `usage` error that `work` must throw. */
export async function usageError(work: Promise<unknown>): Promise<PurgeError> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof PurgeError && thrown.kind === 'usage') return thrown;
  throw new Error('expected a usage error', { cause: thrown });
}

/** Bytes in pieces of the given size, as a pipe may deliver them. */
export async function* inPieces(content: Content, size: number): AsyncGenerator<Uint8Array, void, void> {
  const bytes = Buffer.from(content);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
