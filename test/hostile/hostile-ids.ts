/** Values that must never become an ID, a kind or a mode, each written as CSV, JSON and NDJSON. */
import { asciiJson, type HostileCase, type Threat } from './hostile-case.ts';

const NOT_AN_ID = /is not an ID; expected 4 to 64 of A-Z a-z 0-9 _ -$/;
const NO_VIDEO_ID =
  /does not look like a video ID; expected 7 to 16 of 0-9 a-f \(--unsafe-any-id-shape lifts/;
const SPACES = /has spaces around it; IDs are never trimmed, so remove them$/;
const SPREADSHEET = /looks changed by a spreadsheet; export the IDs as text$/;

const PATHS = [
  '..',
  '.',
  '../replicas/r79e1c033f0?hard=true',
  '%2e%2e',
  '%2e%2e%2freplicas%2fr79e1c033f0',
  '..%2f..',
  '..%252f..',
  '\\..\\replicas',
  '8a4f94e736/../8a4f94e737',
  '8a4f94e736/',
  '/8a4f94e736',
  '8a4f94e736?hard=true',
  '8a4f94e736%3Fhard%3Dtrue',
  '8a4f94e736#fragment',
  '8a4f94e736;hard=true',
  '8a4f94e736&hard=true',
  '8a4f94e736%00',
  '8a4f94e736.',
  '//evil.example',
  'https://evil.example/v2',
  'user@evil.example',
  '8a4f94e736:8080',
  '*',
  '8a4f94e73*',
  '8a4f94e736,8a4f94e737',
  '{8a4f94e736}',
  '$(reboot)',
  '`reboot`',
  '${HOME}',
  "8a4f94e736' OR 1=1",
  '8a4f94e736|ls',
  '~root',
];

const UNICODE: readonly (readonly [text: string, shown: string])[] = [
  ['８a4f94e736', '８a4f94e736'],
  ['8a4f94e73６', '8a4f94e73６'],
  ['8а4f94e736', '8а4f94e736'],
  ['8a4f\u212a94e736', '8a4f\u212a94e736'],
  ['8a4fſ94e736', '8a4fſ94e736'],
  ['8a4fı94e736', '8a4fı94e736'],
  ['𝟖a4f94e736', '𝟖a4f94e736'],
  ['٨a4f94e736', '٨a4f94e736'],
  ['8a4f94e73⁶', '8a4f94e73⁶'],
  ['8a4ﬀ94e736', '8a4ﬀ94e736'],
  ['8a4f94e736\u0301', '8a4f94e736\u0301'],
  ['8a4f\u200b94e736', '8a4f<U+200B>94e736'],
  ['8a4f\u200d94e736', '8a4f<U+200D>94e736'],
  ['\u202e637e49f4a8', '<U+202E>637e49f4a8'],
  ['8a4f\u206694e736\u2069', '8a4f<U+2066>94e736<U+2069>'],
  ['8a4f\u200f94e736', '8a4f<U+200F>94e736'],
  ['8a4f\u00ad94e736', '8a4f<U+00AD>94e736'],
  ['8a4f\u180e94e736', '8a4f<U+180E>94e736'],
  ['8a4f94e736\ufe0f', '8a4f94e736<U+FE0F>'],
  ['8a4f94e736\u{e0061}', '8a4f94e736<U+E0061>'],
  ['8a4f\u202894e736', '8a4f<U+2028>94e736'],
  ['8a4f\u202994e736', '8a4f<U+2029>94e736'],
  ['8a4f\u00a094e736', '8a4f\u00a094e736'],
  ['8a4f\u300094e736', '8a4f\u300094e736'],
  ['8a4f\u206094e736', '8a4f<U+2060>94e736'],
  ['8a4f\u115f94e736', '8a4f<U+115F>94e736'],
  ['😀😀', '😀😀'],
];

/** Characters that CSV cannot carry, written as JSON escapes. */
const ESCAPED: readonly (readonly [text: string, shown: string])[] = [
  ['8a4f94e736\n', '8a4f94e736<U+000A>'],
  ['8a4f94e736\r\nx-evil: 1', '8a4f94e736<U+000D><U+000A>x-evil: 1'],
  ['8a4f94e736\u0000', '8a4f94e736<U+0000>'],
  ['\u001b[2J8a4f94e736', '<U+001B>[2J8a4f94e736'],
  ['\u001b]52;c;aGk=\u00078a4f', '<U+001B>]52;c;aGk=<U+0007>8a4f'],
  ['8a4f\u009b2J94e736', '8a4f<U+009B>2J94e736'],
  ['8a4f\b\b\b\b94e736', '8a4f<U+0008><U+0008><U+0008><U+0008>94e736'],
  ['8a4f\u007f94e736', '8a4f<U+007F>94e736'],
  ['8a4f\ud80094e736', '8a4f<U+D800>94e736'],
  ['8a4f\udc0094e736', '8a4f<U+DC00>94e736'],
  ['8a4f\ufffe94e736', '8a4f\ufffe94e736'],
];

const SHAPES: readonly (readonly [threat: Threat, text: string, says: RegExp])[] = [
  ['not an ID', '8a4', NOT_AN_ID],
  ['not an ID', 'a'.repeat(65), NOT_AN_ID],
  ['not an ID', ' 8a4f94e736', SPACES],
  ['not an ID', '8a4f94e736 ', SPACES],
  ['not an ID', '\u00a08a4f94e736', SPACES],
  ['not an ID', '8a4f94e736\u3000', SPACES],
  ['not an ID', '8a4f94 e736', NOT_AN_ID],
  ['not an ID', '8a4f94', NO_VIDEO_ID],
  ['not an ID', '0123456789abcdef0', NO_VIDEO_ID],
  ['not an ID', '8a4f94e73g', NO_VIDEO_ID],
  ['not an ID', '8a4f-94e736', NO_VIDEO_ID],
  ['not an ID', '0x8a4f94e7', NO_VIDEO_ID],
  ['not an ID', '--hard', NO_VIDEO_ID],
  ['not an ID', 'null', NO_VIDEO_ID],
  ['not an ID', 'undefined', NO_VIDEO_ID],
  ['not an ID', 'true', NO_VIDEO_ID],
  ['not an ID', '8a4f94e7-3618-4b2c-9d10-000000000000', NO_VIDEO_ID],
  ['not an ID', '8A4F94E736', /has capital letters; video IDs are lower case and are never changed$/],
  ['prototype names', '__proto__', NO_VIDEO_ID],
  ['prototype names', 'constructor', NO_VIDEO_ID],
  ['prototype names', 'hasOwnProperty', NO_VIDEO_ID],
  ['wrong kind or mode', 'r79e1c033f0', /looks like a replica ID in a video row$/],
  ['wrong kind or mode', 'p1a2b3c4d5', /looks like a persona ID in a video row$/],
  ...['1.23E+08', '1,23E+08', '8E+10', '8e10', '-8E+10', '1234.5', '12345678,5', '1234', '123456'].map(
    (text): [Threat, string, RegExp] => ['spreadsheet damage', text, SPREADSHEET],
  ),
  ...['#NAME?', '#REF!', '#VALUE!', '#NUM!', '#N/A'].map((text): [Threat, string, RegExp] => [
    'spreadsheet damage',
    text,
    SPREADSHEET,
  ]),
  ...['=8a4f94e736', "'8a4f94e736", '+8a4f94e736', '8 a4f 94e 736', '8.9E+9 €', '########'].map(
    (text): [Threat, string, RegExp] => ['spreadsheet damage', text, NOT_AN_ID],
  ),
];

const NO_KIND = /is no kind; expected video or replica \(lower case\)$/;
const KINDS = ['Video', 'videos', 'persona', 'video\t', 'v\u0456deo', '__proto__', 'video,replica', '*', '1'];
const NO_MODE = /is no mode; expected soft or hard \(lower case\)$/;
const MODES = [
  'HARD',
  'Hard',
  'hard\t',
  'h\u0430rd',
  'hardhard',
  'true',
  '1',
  'delete',
  'constructor',
  'hard?',
];

/** One wrong value in one row, in the formats that can say it. */
function everyFormat(threat: Threat, row: Row, wrong: keyof Row, says: RegExp): HostileCase[] {
  const value = row[wrong];
  const fields = Object.entries(row) as [keyof Row, string][];
  const json = `{${fields.map(([name, text]) => `"${name}":${asciiJson(text)}`).join(',')}}`;
  const column = json.indexOf(`"${wrong}":`) + wrong.length + 4;
  const csvRow = fields.map(([, text]) => `"${text.replaceAll('"', '""')}"`);
  const csvColumn = fields.findIndex(([name]) => name === wrong);
  const before = csvRow.slice(0, csvColumn).join(',');
  const common = { threat, name: `${wrong} ${asciiJson(value)}`, says };
  const formats: HostileCase[] = [
    { ...common, file: 'a.json', content: `[${json}]`, at: `1:${column + 1}` },
    { ...common, file: 'a.ndjson', content: `${json}\n`, at: `1:${column}` },
  ];
  // oxlint-disable-next-line no-control-regex -- these are what CSV cannot carry
  if (/[\0-\u0008\u000a-\u001f\u007f-\u009f]|\p{Cs}/u.test(value)) return formats;
  const content = `${fields.map(([name]) => name).join(',')}\n${csvRow.join(',')}\n`;
  const at = `2:${before.length + (csvColumn === 0 ? 1 : 2)}`;
  return [...formats, { ...common, file: 'a.csv', content, at }];
}

interface Row {
  readonly id: string;
  readonly kind: string;
  readonly mode: string;
}

const row = (id: string, kind = 'video', mode = 'soft'): Row => ({ id, kind, mode });

function showing(shown: string, says: RegExp): RegExp {
  return new RegExp(`^"${RegExp.escape(shown)}" ${says.source}`);
}

/** CSV, JSON and NDJSON files with one value that cannot be planned. */
export const HOSTILE_VALUES: readonly HostileCase[] = [
  ...PATHS.flatMap((id) => everyFormat('path injection', row(id), 'id', showing(id, NOT_AN_ID))),
  ...UNICODE.flatMap(([id, shown]) => everyFormat('unicode', row(id), 'id', showing(shown, NOT_AN_ID))),
  ...ESCAPED.flatMap(([id, shown]) =>
    everyFormat('control characters', row(id), 'id', new RegExp(`^"${RegExp.escape(shown)}" `)),
  ),
  ...SHAPES.flatMap(([threat, id, says]) => everyFormat(threat, row(id), 'id', says)),
  ...everyFormat('not an ID', row(''), 'id', /^id is empty; expected an ID$/),
  ...everyFormat(
    'wrong kind or mode',
    row('8a4f94e736', 'replica'),
    'id',
    /looks like a video ID in a replica row$/,
  ),
  ...everyFormat(
    'wrong kind or mode',
    row('R79E1C033F0', 'replica'),
    'id',
    /has capital letters; replica IDs/,
  ),
  ...everyFormat('wrong kind or mode', row('8a4f94e736', ''), 'kind', /^kind is missing; never guessed/),
  ...KINDS.flatMap((kind) => everyFormat('wrong kind or mode', row('8a4f94e736', kind), 'kind', NO_KIND)),
  ...MODES.flatMap((mode) =>
    everyFormat('wrong kind or mode', row('8a4f94e736', 'video', mode), 'mode', NO_MODE),
  ),
];
