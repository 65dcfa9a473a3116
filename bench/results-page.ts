import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import type { Part } from './bench.ts';
import { renderPage, type Result } from './render.ts';

const PAGE = join(import.meta.dirname, 'RESULTS.md');
/** The same as data, from which the page is made: a part that is measured alone keeps what is known of the others. */
const DATA = join(import.meta.dirname, 'results.json');

/** Writes one result, in place of an older one of the same part; the page has all parts in their order. */
export async function writeResult(fresh: Result, parts: readonly Part[]): Promise<void> {
  const known = existsSync(DATA) ? (JSON.parse(readFileSync(DATA, 'utf8')) as readonly Result[]) : [];
  const byPart = new Map([...known, fresh].map((result) => [result.part, result]));
  const results = parts.flatMap(({ name }) => byPart.get(name) ?? []);
  await writeFormatted(DATA, JSON.stringify(results));
  await writeFormatted(PAGE, renderPage(results));
}

async function writeFormatted(file: string, text: string): Promise<void> {
  const style = await resolveConfig(file);
  writeFileSync(file, await format(text, { ...style, filepath: file }));
}
