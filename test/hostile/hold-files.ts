/** Hold files that must stop a plan: a hold that cannot be read must never be a hold that does not count. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { casesOf, type CaseRow, type HostileCase } from './hostile-case.ts';

const NOT_AN_ID = /is not an ID; expected 4 to 64 of A-Z a-z 0-9 _ -$/;
const NO_TIME = /is no day and no time; expected 2026-12-31 or 2026-12-31T18:00:00Z \(with its zone\)$/;
const EMPTY = /^is empty, which is taken for a broken hold file$/;

const UNTIL = [
  '2026-02-30',
  '2026-13-01',
  '31.12.2026',
  '12/31/2026',
  '2026-12-31T18:00:00',
  '2026-12-31 18:00',
  '2026-12-31T25:00:00Z',
  '1798761600',
  'tomorrow',
  'never',
  '+002026-12-31',
  '２026-12-31',
].map((until): CaseRow => [`until ${until}`, `id,until\n8a4f94e736,${until}\n`, '2:12', NO_TIME]);

const CSV: readonly CaseRow[] = [
  ...UNTIL,
  ['nothing', undefined, '', /^cannot be opened$/],
  ['no bytes', '', '', EMPTY],
  ['white space', ' \n\n \n', '', EMPTY],
  ['a byte order mark', '\ufeff', '', EMPTY],
  ['no header', '8a4f94e736\n8a4f94e737\n', '1:1', /is an unknown column/],
  ['an unknown column', 'id,owner\n8a4f94e736,me\n', '1:4', /is an unknown column/],
  ['a mode', 'id,mode\n8a4f94e736,hard\n', '1:4', /is an unknown column/],
  ['no ID', 'reason\nlawsuit\n', '1:1', /^has no column of IDs/],
  ['an empty ID', 'id,reason\n,lawsuit\n', '2:1', /^id is empty/],
  ['a path', 'id\n../8a4f94e736\n', '2:1', NOT_AN_ID],
  ['a star', 'id\n*\n', '2:1', NOT_AN_ID],
  ['an invisible character', 'id\n8a4f\u200b94e736\n', '2:1', /^"8a4f<U\+200B>94e736" is not an ID/],
  ['full-width digits', 'id\n８a4f94e736\n', '2:1', NOT_AN_ID],
  ['a space', 'id\n8a4f94e736 \n', '2:1', NOT_AN_ID],
  ['a wrong kind', 'id,kind\n8a4f94e736,film\n', '2:12', /is no kind/],
  ['a control character', 'id\n8a4f\u001b[2J\n', '2:5', /^has a control character/],
  ['a line break in a reason', 'id,reason\n8a4f94e736,"a\nb"\n', '2:12', /line break in the reason/],
  ['a short row', 'id,until\n8a4f94e736\n', '2:1', /has 1 field; the header has 2/],
  ['an open quote', 'id\n"8a4f94e736\n', '2:1', /a quote is not closed/],
  ['gzip', gzipSync('id\n'), '', /^is compressed/],
  ['UTF-16', Buffer.from('id\n', 'utf16le'), '1:2', /^has a NUL/],
  ['a long line', `id\n${'a'.repeat(5000)}\n`, '2:1', /^the line is over 4096 bytes$/],
  ['a FIFO', (path) => execFileSync('mkfifo', [path]), '', /^is not a regular file$/],
  ['a folder', (path) => mkdirSync(path), '', /^is not a regular file$/],
  ['an endless device', (path) => symlinkSync('/dev/zero', path), '', /^is not a regular file$/],
  ['a link to itself', (path) => symlinkSync('h.csv', path), '', /^cannot be opened$/],
  ['JSON', '["8a4f94e736"]', '', /^the content looks like JSON, but its name says CSV$/],
];

const JSON_FILES: readonly CaseRow[] = [
  ['a number', '[{"id":12345678}]', '1:8', /is no text; expected an ID in quotes/],
  ['a number as until', '[{"id":"8a4f94e736","until":1798761600}]', '1:29', /is no text; expected the until/],
  ['a deep list', '[[[[]]]]', '1:4', /is nested over 3 levels deep$/],
  ['a cut list', '["8a4f94e736"', '1:14', /^the file ends in the middle/],
  ['__proto__', '[{"__proto__":"8a4f94e736"}]', '1:3', /is an unknown column/],
  ['two IDs', '[{"id":"8a4f94e736","id":"8a4f94e737"}]', '1:21', /is there twice/],
];

export const HOSTILE_HOLDS: readonly HostileCase[] = [
  ...casesOf('contradictions', 'h.csv', CSV),
  ...casesOf('JSON structure', 'h.json', JSON_FILES),
];
