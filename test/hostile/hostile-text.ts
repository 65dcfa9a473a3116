/** Files that are no text of ours, and CSV that does not say one thing only. */
import { gzipSync } from 'node:zlib';
import { casesOf, type CaseRow, type HostileCase } from './hostile-case.ts';

const bytes = (...parts: readonly (string | readonly number[])[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));

const utf32 = (text: string, order: 'LE' | 'BE'): Buffer => {
  const buffer = Buffer.alloc(text.length * 4);
  for (const [at, character] of Array.from(text).entries()) {
    const code = character.codePointAt(0) ?? 0;
    if (order === 'LE') buffer.writeUInt32LE(code, at * 4);
    else buffer.writeUInt32BE(code, at * 4);
  }
  return buffer;
};

const NOT_UTF8 = /^is not UTF-8 from here on$/;
const CSV = 'id,kind\n8a4f94e736,video\n';
const UNKNOWN = /is an unknown column; expected id, kind/;

const ENCODINGS: readonly CaseRow[] = [
  ['UTF-16LE with BOM', Buffer.from(`\ufeff${CSV}`, 'utf16le'), '', /^is UTF-16 or UTF-32; expected UTF-8$/],
  ['UTF-16BE with BOM', Buffer.from(`\ufeff${CSV}`, 'utf16le').swap16(), '', /^is UTF-16; expected UTF-8$/],
  ['UTF-16LE', Buffer.from(CSV, 'utf16le'), '1:2', /^has a NUL character \(U\+0000\)/],
  ['UTF-16BE', Buffer.from(CSV, 'utf16le').swap16(), '1:1', /^has a NUL character/],
  ['UTF-32LE with BOM', utf32(`\ufeff${CSV}`, 'LE'), '', /^is UTF-16 or UTF-32/],
  ['UTF-32BE with BOM', utf32(`\ufeff${CSV}`, 'BE'), '', /^is UTF-32/],
  ['UTF-32BE', utf32(CSV, 'BE'), '1:1', /^has a NUL character/],
  ['UTF-7', '+AGkAZA-,kind\n8a4f94e736,video\n', '1:1', UNKNOWN],
  ['EBCDIC', bytes([0x89, 0x84, 0x6b, 0x92, 0x89, 0x95, 0x84, 0x25]), '1:1', NOT_UTF8],
  ['Latin-1', bytes('id,kind,reason\n8a4f94e736,video,f', [0xfc], 'r\n'), '2:19', NOT_UTF8],
  ['an overlong slash (2 bytes)', bytes('id\n8a4f', [0xc0, 0xaf]), '2:5', NOT_UTF8],
  ['an overlong slash (3 bytes)', bytes('id\n8a4f', [0xe0, 0x80, 0xaf]), '2:5', NOT_UTF8],
  ['an overlong slash (4 bytes)', bytes('id\n8a4f', [0xf0, 0x80, 0x80, 0xaf]), '2:5', NOT_UTF8],
  ['an overlong NUL', bytes('id\n', [0xc0, 0x80]), '2:1', NOT_UTF8],
  ['a surrogate pair in six bytes', bytes('id\n', [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]), '2:1', NOT_UTF8],
  ['a code point beyond Unicode', bytes('id\n', [0xf4, 0x90, 0x80, 0x80]), '2:1', NOT_UTF8],
  ['a five-byte character', bytes('id\n', [0xf8, 0x88, 0x80, 0x80, 0x80]), '2:1', NOT_UTF8],
  ['a byte FF', bytes('id\n8a4f94e7', [0xff]), '2:9', NOT_UTF8],
  ['a lone continuation byte', bytes('id\n8a', [0x80], '4f\n'), '2:3', NOT_UTF8],
  ['half a character at the end', bytes('id\n8a4f', [0xf0, 0x9f, 0x98]), '2:5', NOT_UTF8],
  ['half a character in the middle', bytes('id\n8a4f', [0xe2, 0x82], '94e736\n'), '2:5', NOT_UTF8],
  ['two byte order marks', `\ufeff\ufeff${CSV}`, '1:1', /^has a byte order mark \(U\+FEFF\) that is not/],
  ['two files glued together', `\ufeff${CSV}\ufeff${CSV}`, '3:1', /^has a byte order mark/],
  ['a byte order mark in quotes', '"\ufeffid",kind\n', '1:2', /^has a byte order mark/],
  ['gzip', gzipSync(CSV), '', /^is compressed \(gzip\); expected plain text$/],
  ['gzip of gzip', gzipSync(gzipSync(CSV)), '', /^is compressed \(gzip\)/],
  ['an Excel workbook', bytes('PK', [3, 4, 20, 0]), '', /^is a zip archive or an Excel workbook/],
  ['an old Excel file', bytes([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1]), '1:1', NOT_UTF8],
  ['bzip2', bytes('BZh91AY&SY', [0xe4, 0xff]), '1:11', NOT_UTF8],
  ['zstd', bytes([0x28, 0xb5, 0x2f, 0xfd]), '1:2', NOT_UTF8],
  ['an SQLite file', bytes('SQLite format 3', [0]), '1:16', /^has a NUL/],
  ['a program', bytes([0x7f], 'ELF'), '1:1', /^has a control character \(U\+007F\)/],
  ['a PDF', '%PDF-1.7\n', '1:1', UNKNOWN],
  ['a web page', '<!doctype html>\n<title>Sign in</title>\n', '1:1', UNKNOWN],
  ['XML', '<?xml version="1.0"?>\n', '1:1', /quote stands inside a value that is not quoted$/],
  ['YAML', 'videos:\n  - 8a4f94e736\n', '1:1', UNKNOWN],
  ['a Git LFS pointer', 'version https://git-lfs.github.com/spec/v1\n', '1:1', UNKNOWN],
  ['a private key', '-----BEGIN PRIVATE KEY-----\n', '1:1', UNKNOWN],
  ['old Mac line ends', CSV.replaceAll('\n', '\r'), '1:8', /^has a carriage return without a line feed/],
  ['a carriage return at the end', `${CSV}\r`, '3:1', /^has a carriage return/],
  ['a carriage return in quotes', 'id,reason\n8a4f94e736,"a\rb"\n', '2:14', /^has a carriage return/],
  ['CR CR LF', 'id,kind\r\r\n', '1:8', /^has a carriage return/],
];

/** Every control character but tab, LF and CR: in C0, DEL and C1. */
const CONTROLS: readonly CaseRow[] = [
  ...Array.from({ length: 32 }, (_, code) => code).filter((code) => ![9, 10, 13].includes(code)),
  ...Array.from({ length: 33 }, (_, index) => 0x7f + index),
].map((code) => {
  const hex = code.toString(16).toUpperCase().padStart(4, '0');
  const says = new RegExp(`^has a${code === 0 ? ' NUL' : ' control'} character \\(U\\+${hex}\\)`);
  return [`U+${hex}`, `id,kind\n8a4f94${String.fromCharCode(code)}e736,video\n`, '2:7', says];
});

const CSV_STRUCTURE: readonly CaseRow[] = [
  ['no header', '8a4f94e736,video\n', '1:1', UNKNOWN],
  ['a header in capitals', 'ID,KIND\n', '1:1', UNKNOWN],
  ['a header with a tab', 'id\t,kind\n', '1:1', UNKNOWN],
  ['a header of another tool', 'id,kind,size\n', '1:9', UNKNOWN],
  ['a name in bidi letters', 'id,\u202edomk\n', '1:4', /^"<U\+202E>domk" is an unknown column/],
  ['a name with an escape of a confusable', 'id,k\u0456nd\n', '1:4', UNKNOWN],
  ['a column without a name', 'id,,kind\n', '1:4', /^"" is a column without a name/],
  ['a comma after the header', 'id,kind,\n', '1:9', /^"" is a column without a name/],
  ['no IDs', 'kind,mode\nvideo,hard\n', '1:1', /^has no column of IDs/],
  ['two sorts of IDs', 'video_id,replica_id\n8a4f94e736,r79e1c033f0\n', '1:10', /ambiguous$/],
  ['an ID column and another', 'id,video_id\n', '1:4', /ambiguous$/],
  [
    'two sorts of IDs, all else ignored',
    'video_id,replica_id\n',
    '1:10',
    /ambiguous$/,
    { ignoreColumns: ['*'] },
  ],
  ['the hint of Excel', 'sep=;\nid;kind\n', '1:1', UNKNOWN],
  ['semicolons', 'id;kind\n8a4f94e736;video\n', '1:1', UNKNOWN],
  ['tabs', 'id\tkind\n', '1:1', UNKNOWN],
  ['bars', 'id|kind\n', '1:1', UNKNOWN],
  ['a comment', '# videos to delete\nid,kind\n', '1:1', UNKNOWN],
  ['a short row', 'id,kind,mode\n8a4f94e736,video\n', '2:1', /has 2 fields; the header has 3$/],
  ['a long row', 'id,kind\n8a4f94e736,video,hard\n', '2:1', /has 3 fields; the header has 2$/],
  ['a comma after a row', 'id,kind\n8a4f94e736,video,\n', '2:1', /has 3 fields/],
  ['a delimiter that changes', 'id,kind\n8a4f94e736;video\n', '2:1', /has 1 field; the header has 2$/],
  ['an unquoted comma in a reason', 'id,kind,reason\n8a4f94e736,video,a,b\n', '2:1', /has 4 fields/],
  ['nothing but commas', 'id,kind\n,\n', '2:2', /^kind is missing/],
  ['a quote that is never closed', 'id,kind\n"8a4f94e736,video\n', '2:1', /a quote is not closed$/],
  [
    'a quote that swallows rows',
    'id,kind\n8a4f94e736,"video\n8a4f94e737,video\n',
    '2:1',
    /a quote is not closed$/,
  ],
  ['a quote in a value', 'id,kind\n8a4f"94e736,video\n', '2:1', /a quote stands inside a value/],
  ['text after a quote', 'id,kind\n"8a4f94e736"x,video\n', '2:1', /something follows a closing quote$/],
  ['a space after a quote', 'id,kind\n"8a4f94e736" ,video\n', '2:1', /something follows a closing quote$/],
  ['a space before a quote', 'id,kind\n "8a4f94e736",video\n', '2:1', /a quote stands inside a value/],
  [
    'a backslash before a quote',
    'id,reason\n8a4f94e736,"a\\"b"\n',
    '2:1',
    /something follows a closing quote$/,
  ],
  ['single quotes', "id,kind\n'8a4f94e736',video\n", '2:1', /is not an ID/],
  ['a line break in an ID', 'id,kind\n"8a4f\n94e736",video\n', '2:1', /^"8a4f<U\+000A>94e736" is not an ID/],
  [
    'a line break in a reason',
    'id,kind,reason\n8a4f94e736,video,"a\nb"\n',
    '2:18',
    /control character or line break/,
  ],
  [
    'a forged log line in a ticket',
    'id,kind,ticket\n8a4f94e736,video,"T-1\n{""level"":""info""}"\n',
    '2:18',
    /line break in the ticket/,
  ],
  ['a tab in a reason', 'id,kind,reason\n8a4f94e736,video,a\tb\n', '2:18', /control character or line break/],
  ['an ID in the second line of a cell', 'id,kind\n"\n8a4f94e736",video\n', '2:1', /spaces around it/],
  ['a header over two lines', '"id\n",kind\n', '1:1', UNKNOWN],
  ['JSON named CSV', '[{"id":"8a4f94e736"}]', '', /^the content looks like JSON, but its name says CSV$/],
  ['NDJSON named CSV', '{"id":"8a4f94e736"}\n', '', /^the content looks like NDJSON/],
];

const DOUBLED: readonly CaseRow[] = [
  ['two columns of IDs', 'id,id\n8a4f94e736,8a4f94e737\n', '1:4', /^"id" is in the header twice$/],
  ['two modes', 'id,mode,mode\n8a4f94e736,soft,hard\n', '1:9', /^"mode" is in the header twice$/],
  ['two modes, one with a space', 'id,mode, mode\n', '1:9', /^"mode" is in the header twice$/],
  ['two kinds, one in quotes', 'kind,id,"kind"\n', '1:9', /^"kind" is in the header twice$/],
  ['two reasons', 'id,reason,reason\n', '1:11', /^"reason" is in the header twice$/],
  ['two columns of videos', 'video_id,video_id\n', '1:10', /^"video_id" is in the header twice$/],
];

const PROTOTYPES: readonly CaseRow[] = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
].map((name) => [
  name,
  `id,${name}\n8a4f94e736,hard\n`,
  '1:4',
  new RegExp(`^"${name}" is an unknown column`),
]);

const TOO_MUCH: readonly CaseRow[] = [
  ['a long header', `id,${'x'.repeat(4100)}\n`, '1:1', /^the line is over 4096 bytes$/],
  ['a long row', `id,reason\n8a4f94e736,${'x'.repeat(4100)}\n`, '2:1', /^the line is over 4096 bytes$/],
  ['a long row without an end', `id\n${'x'.repeat(200_000)}`, '2:1', /^the line is over 4096 bytes$/],
  [
    'a long row of short lines',
    `id\n"${'x\n'.repeat(3000)}"\n`,
    '2:1',
    /^the row is over 4096 bytes, or a quote/,
  ],
  ['5,000 columns', `${'a,'.repeat(5000)}id\n`, '1:1', /^the line is over 4096 bytes$/],
  ['2,000 empty names', `${','.repeat(2000)}id\n`, '1:1', /^"" is a column without a name/],
  ['4,000 quotes', `id\n${'"'.repeat(4001)}\n`, '2:1', /quote/],
  [
    'a value of 4,000 characters',
    `id\n${'8'.repeat(4000)}\n`,
    '2:1',
    /^"8{80,300}…?" is not an ID/,
    { kind: 'video' },
  ],
  [
    'a million blank lines and a bad row',
    `${'\n'.repeat(1_000_000)}id,kind\nx,video\n`,
    '1000002:1',
    /is not an ID/,
  ],
];

/** Bytes and CSV that must be refused. */
export const HOSTILE_TEXTS: readonly HostileCase[] = [
  ...casesOf('encoding', 'a.csv', ENCODINGS),
  ...casesOf('control characters', 'a.csv', CONTROLS),
  ...casesOf('CSV structure', 'a.csv', CSV_STRUCTURE),
  ...casesOf('doubled names', 'a.csv', DOUBLED),
  ...casesOf('prototype names', 'a.csv', PROTOTYPES),
  ...casesOf('too much', 'a.csv', TOO_MUCH),
];
