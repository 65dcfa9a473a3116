/**
 * What a manifest says, read the naive way: everything in memory, `JSON.parse`, one loop over the characters of a CSV,
 * the rules of CONTRACT.md 3 written out again. It is asked only about files that the program accepted, so it may
 * throw for everything else. It shares no code with `src/`.
 */

/** A row that may be deleted, as the file says it. `line` is 0 where the naive reader does not know it (JSON). */
export interface NaiveRow {
  readonly kind: string;
  readonly id: string;
  readonly mode: string;
  readonly reason: string;
  readonly ticket: string;
  readonly line: number;
}

/** The rows of a file that are valid, in file order. Throws when the naive reader cannot read it. */
export function readNaively(
  format: 'csv' | 'json' | 'ndjson',
  bytes: Uint8Array,
  defaultKind: string | undefined,
): readonly NaiveRow[] {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  const said = format === 'csv' ? csvRows(text) : format === 'json' ? jsonRows(text) : ndjsonRows(text);
  return said.map((row) => validRow(row, defaultKind)).filter((row) => row !== undefined);
}

/** A row before any rule; `undefined` values are absent, anything but a text is wrong. */
interface Said {
  readonly line: number;
  readonly listKind?: string | undefined;
  readonly values: ReadonlyMap<string, unknown>;
}

const NAMES = new Set(['id', 'video_id', 'replica_id', 'kind', 'mode', 'reason', 'ticket']);

function validRow({ line, listKind, values }: Said, defaultKind: string | undefined): NaiveRow | undefined {
  const text = (name: string): string | undefined => {
    const value = values.get(name) ?? '';
    return typeof value === 'string' ? value : undefined;
  };
  const idName = ['id', 'video_id', 'replica_id'].find((name) => values.has(name));
  const nameKind = idName === 'video_id' ? 'video' : idName === 'replica_id' ? 'replica' : undefined;
  const [id, kindText, modeText, reason, ticket] = [idName ?? 'id', 'kind', 'mode', 'reason', 'ticket'].map(
    text,
  );
  if (id === undefined || kindText === undefined || modeText === undefined) return undefined;
  if (reason === undefined || ticket === undefined) return undefined;
  const kinds = [kindText.replaceAll(/^ +| +$/g, ''), nameKind, listKind].filter(
    (kind) => kind !== undefined && kind !== '',
  );
  const kind = kinds[0] ?? defaultKind;
  if (kinds.some((other) => other !== kind)) return undefined;
  const mode = modeText.replaceAll(/^ +| +$/g, '') || 'soft';
  const shape = kind === 'video' ? /^[0-9a-f]{7,16}$/ : kind === 'replica' ? /^r[0-9a-f]{6,15}$/ : undefined;
  if (shape?.test(id) !== true || (mode !== 'soft' && mode !== 'hard') || kind === undefined)
    return undefined;
  if (/[\p{Cc}\p{Cs}]/u.test(reason + ticket)) return undefined;
  return { kind, id, mode, reason, ticket, line };
}

function csvRows(text: string): Said[] {
  const [header, ...records] = csvRecords(text);
  if (header === undefined) return [];
  const names = header.cells.map((name) => name.replaceAll(/^ +| +$/g, ''));
  if (names.some((name) => !NAMES.has(name)) || new Set(names).size !== names.length)
    throw new Error('header');
  return records
    .filter(({ cells }) => cells.length === names.length)
    .map(({ line, cells }) => ({ line, values: new Map(names.map((name, index) => [name, cells[index]])) }));
}

/** Records of RFC 4180 without blank lines, each with the line on which it starts. */
function csvRecords(text: string): { line: number; cells: string[] }[] {
  const records: { line: number; cells: string[] }[] = [];
  let line = 1;
  for (let at = 0; at < text.length;) {
    const record = { line, cells: [] as string[] };
    for (let ended = false; !ended;) {
      let cell = '';
      if (text[at] === '"') {
        for (at += 1; text[at] !== '"' || text[at + 1] === '"'; at += 1) {
          if (at >= text.length) throw new Error('an open quote');
          if (text[at] === '"') at += 1;
          if (text[at] === '\n') line += 1;
          cell += text[at];
        }
        at += 1;
      } else {
        for (
          ;
          at < text.length && text[at] !== ',' && text[at] !== '\n' && text.slice(at, at + 2) !== '\r\n';
          at += 1
        ) {
          cell += text[at];
        }
      }
      record.cells.push(cell);
      if (text[at] === ',') at += 1;
      else ended = true;
    }
    if (at < text.length) {
      if (text[at] === '\r') at += 1;
      if (text[at] !== '\n') throw new Error('text after a quote');
      at += 1;
      line += 1;
    }
    if (record.cells.length > 1 || /[^ \t]/.test(record.cells[0] ?? '')) records.push(record);
  }
  return records;
}

function jsonRows(text: string): Said[] {
  if (text.trim() === '') return [];
  const value: unknown = JSON.parse(text);
  if (Array.isArray(value)) return value.map((row) => jsonRow(row, undefined));
  return Object.entries(value as object).flatMap(([name, rows]) => {
    if (name !== 'videos' && name !== 'replicas') throw new Error('key');
    return (rows as unknown[]).map((row) => jsonRow(row, name === 'videos' ? 'video' : 'replica'));
  });
}

function ndjsonRows(text: string): Said[] {
  return text
    .split('\n')
    .map((content, index) => ({ content, line: index + 1 }))
    .filter(({ content }) => content.trim() !== '')
    .map(({ content, line }) => {
      // A line that is not JSON is a wrong row, like one that is only a text.
      const row = parsed(content);
      return typeof row === 'string' ? { line, values: new Map() } : { ...jsonRow(row, undefined), line };
    });
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return '';
  }
}

function jsonRow(row: unknown, listKind: string | undefined): Said {
  if (typeof row === 'string') return { line: 0, listKind, values: new Map([['id', row]]) };
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return { line: 0, values: new Map() };
  const entries = Object.entries(row);
  if (entries.some(([name]) => !NAMES.has(name))) throw new Error('key');
  // Null is absent everywhere but where an ID must be.
  return {
    line: 0,
    listKind,
    values: new Map(
      entries.map(([name, value]) => [name, value === null && !name.endsWith('id') ? '' : (value ?? 0)]),
    ),
  };
}
