import type { ManifestFormat } from '../types.ts';
import { sourceError } from './source-error.ts';

const EXTENSIONS: ReadonlyMap<string, ManifestFormat> = new Map([
  ['csv', 'csv'],
  ['json', 'json'],
  ['ndjson', 'ndjson'],
  ['jsonl', 'ndjson'],
]);

/** The format that a file's extension promises, `undefined` when it promises none. */
export function formatOfName(path: string): ManifestFormat | undefined {
  const extension = /\.([^./\\]+)$/.exec(path)?.[1];
  return extension === undefined ? undefined : EXTENSIONS.get(extension.toLowerCase());
}

/**
 * The format to read a file in: what the operator said, else what its name says, else what its first bytes look like.
 * Throws `usage` when they contradict each other. `head` may end anywhere; an empty file is any format.
 */
export function decideFormat(
  path: string,
  asked: ManifestFormat | undefined,
  head: Uint8Array,
): ManifestFormat {
  const promised = asked ?? formatOfName(path);
  const text = Buffer.from(head).toString('latin1').trimStart();
  if (text === '') return promised ?? 'csv';
  const seen = formatOfText(text);
  if (promised === undefined || promised === seen) return promised ?? seen;
  // `{` begins a JSON document as well: its keys tell, and the JSON reader checks them.
  if (promised === 'json' && seen === 'ndjson') return 'json';
  // IDs in quotes, one a line: the NDJSON reader says of each that it is no object.
  if (promised === 'ndjson' && /^"[^"\n]*"\s*(?:\n|$)/.test(text)) return 'ndjson';
  const why = asked === undefined ? 'its name' : '--format';
  throw sourceError(
    path,
    undefined,
    `the content looks like ${shown(seen)}, but ${why} says ${shown(promised)}`,
    {
      next:
        asked === undefined
          ? `Rename the file or pass --format ${seen}.`
          : `Pass --format ${seen}, or correct the file.`,
    },
  );
}

function formatOfText(text: string): ManifestFormat {
  if (text.startsWith('[')) return 'json';
  if (/^\{\s*"(?:videos|replicas)"/.test(text)) return 'json';
  return text.startsWith('{') ? 'ndjson' : 'csv';
}

function shown(format: ManifestFormat): string {
  return format === 'ndjson' ? 'NDJSON (one JSON object a line)' : format.toUpperCase();
}
