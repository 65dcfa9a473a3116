/** JSON and NDJSON that is broken, says something twice, or hides something. */
import { casesOf, type CaseRow, type HostileCase } from './hostile-case.ts';

const NO_TEXT = /is no text; expected an ID in quotes \(a number would lose digits\)$/;
const NO_ROW = /is no row; expected an object \{ … \} or an ID in quotes$/;
const NOT_JSON = /is not JSON here$/;
const ENDS = /^the file ends in the middle of a value$/;
const UNKNOWN_COLUMN = /is an unknown column; expected id, kind/;
const CONTROL = /has a control character or line break in the (?:reason|ticket); expected one line of text$/;
const VIDEO = { kind: 'video' } as const;

const STRUCTURE: readonly CaseRow[] = [
  ['a number as ID', '[{"id":12345678}]', '1:8', NO_TEXT, VIDEO],
  ['a number that loses digits', '[{"id":9007199254740993}]', '1:8', /^"9007199254740993" is no text/, VIDEO],
  ['a number in scientific notation', '[{"id":8e4}]', '1:8', /^"8e4" is no text/, VIDEO],
  ['an infinite number', '[{"id":1e999}]', '1:8', /^"1e999" is no text/, VIDEO],
  ['minus zero', '[{"id":-0}]', '1:8', /^"-0" is no text/, VIDEO],
  ['true as ID', '[{"id":true}]', '1:8', NO_TEXT, VIDEO],
  ['null as ID', '[{"id":null}]', '1:8', NO_TEXT, VIDEO],
  ['a list as ID', '[{"id":["8a4f94e736"]}]', '1:8', NO_TEXT, VIDEO],
  ['an object as ID', '[{"id":{"id":"8a4f94e736"}}]', '1:8', NO_TEXT, VIDEO],
  ['an object with toString as ID', '[{"id":{"toString":"8a4f94e736"}}]', '1:8', NO_TEXT, VIDEO],
  ['a number as kind', '[{"id":"8a4f94e736","kind":1}]', '1:28', /is no text; expected the kind in quotes$/],
  [
    'true as mode',
    '[{"id":"8a4f94e736","mode":true}]',
    '1:28',
    /is no text; expected the mode in quotes$/,
    VIDEO,
  ],
  ['a list as mode', '[{"id":"8a4f94e736","mode":["hard"]}]', '1:28', /is no text; expected the mode/, VIDEO],
  [
    'a list as reason',
    '[{"id":"8a4f94e736","reason":["a"]}]',
    '1:30',
    /is no text; expected the reason/,
    VIDEO,
  ],
  ['no ID', '[{"kind":"video"}]', '1:2', /^id is empty; expected an ID$/],
  ['an empty object', '[{}]', '1:2', /^id is empty/, VIDEO],
  ['a number as row', '[8]', '1:2', NO_ROW, VIDEO],
  ['null as row', '[null]', '1:2', NO_ROW, VIDEO],
  ['a list as row', '[["8a4f94e736"]]', '1:2', NO_ROW, VIDEO],
  ['IDs without a kind', '["8a4f94e736"]', '1:2', /^kind is missing/],
  ['an unknown key', '[{"id":"8a4f94e736","force":true}]', '1:21', UNKNOWN_COLUMN, VIDEO],
  ['a key in capitals', '[{"ID":"8a4f94e736"}]', '1:3', UNKNOWN_COLUMN, VIDEO],
  ['a key with a space', '[{"id ":"8a4f94e736"}]', '1:3', UNKNOWN_COLUMN, VIDEO],
  ['an empty key', '[{"":"8a4f94e736"}]', '1:3', /^"" is a column without a name/, VIDEO],
  [
    'a key with an invisible letter',
    '[{"id\\u200b":"8a4f94e736"}]',
    '1:3',
    /^"id<U\+200B>" is an unknown column/,
  ],
  ['a key that clears the screen', '[{"\\u001b[2J":1}]', '1:3', /^"<U\+001B>\[2J" is an unknown column/],
  ['one object', '{"id":"8a4f94e736"}', '1:2', /^"id" is an unknown key; expected videos or replicas$/],
  ['a list under another name', '{"data":[{"id":"8a4f94e736"}]}', '1:2', /^"data" is an unknown key/],
  ['videos that are no list', '{"videos":{"id":"8a4f94e736"}}', '1:11', /^"\{" is no list/],
  ['videos that are a text', '{"videos":"8a4f94e736"}', '1:11', /is no list/],
  ['videos that are null', '{"videos":null}', '1:11', /is no list/],
  ['a replica among videos', '{"videos":["r79e1c033f0"]}', '1:12', /looks like a replica ID in a video row$/],
  [
    'a kind against its list',
    '{"videos":[{"id":"8a4f94e736","kind":"replica"}]}',
    '1:38',
    /contradicts the column or list/,
  ],
  [
    'replica_id among videos',
    '{"videos":[{"replica_id":"r79e1c033f0"}]}',
    '1:13',
    /does not belong into the list "videos"$/,
  ],
  ['a text', '"8a4f94e736"', '', /^the content looks like CSV, but its name says JSON$/],
  ['a number', '8', '', /^the content looks like CSV/],
  ['CSV named JSON', 'id,kind\n', '', /^the content looks like CSV/],
  ['two values', '[] []', '1:4', /is not expected here; expected the end of the file$/],
  ['text after the end', '[]x', '1:3', NOT_JSON],
  [
    'a comma at the end of a list',
    '["8a4f94e736",]',
    '1:15',
    /is not expected here; expected a value$/,
    VIDEO,
  ],
  ['a comma at the end of an object', '[{"id":"8a4f94e736",}]', '1:21', /expected a key in quotes$/, VIDEO],
  ['no comma', '["8a4f94e736" "8a4f94e737"]', '1:15', /expected a comma or the end/, VIDEO],
  ['no colon', '[{"id" "8a4f94e736"}]', '1:8', /expected a colon$/],
  ['a key that is a number', '[{1:"8a4f94e736"}]', '1:3', /expected a key/],
  ['brackets that cross', '[{"id":"8a4f94e736"]}', '1:20', /is not expected here/, VIDEO],
  ['a bracket too many', '[]]', '1:3', /is not expected here/],
  ['single quotes', "['8a4f94e736']", '1:2', NOT_JSON],
  ['no quotes', '[8a4f94e736]', '1:3', NOT_JSON],
  ['a comment', '[// all of them\n"8a4f94e736"]', '1:2', NOT_JSON],
  ['NaN', '[NaN]', '1:2', NOT_JSON],
  ['a leading zero', '[0123]', '1:3', /is not expected here/],
  ['a hex number', '[0x8a4f]', '1:3', NOT_JSON],
  ['an unknown escape', '["\\x41"]', '1:4', NOT_JSON],
  ['half an escape', '["\\u00"]', '1:7', NOT_JSON],
  ['a raw line break in a text', '["8a4f\n94e736"]', '1:7', NOT_JSON],
  ['an escaped byte order mark', '["\\uFEFF8a4f94e736"]', '1:3', /is an escaped byte order mark/],
  [
    'an escaped byte order mark in the middle',
    '["8a4f\\ufeff94e736"]',
    '1:7',
    /is an escaped byte order mark/,
  ],
  ['a list that ends early', '["8a4f94e736"', '1:14', ENDS, VIDEO],
  ['a text that ends early', '["8a4f94e736', '1:13', ENDS, VIDEO],
  ['a word that ends early', '[tru', '1:5', ENDS],
  ['an object that ends early', '[{"id":"8a4f94e736"', '1:20', ENDS, VIDEO],
  ['nothing but a bracket', '[', '1:2', ENDS],
  ['a line break in a reason', '[{"id":"8a4f94e736","reason":"a\\nb"}]', '1:30', CONTROL, VIDEO],
  ['a NUL in a reason', '[{"id":"8a4f94e736","reason":"a\\u0000b"}]', '1:30', CONTROL, VIDEO],
  ['a title in a ticket', '[{"id":"8a4f94e736","ticket":"\\u001b]0;pwned\\u0007"}]', '1:30', CONTROL, VIDEO],
  ['a lone surrogate in a ticket', '[{"id":"8a4f94e736","ticket":"\\ud800"}]', '1:30', CONTROL, VIDEO],
  ['a C1 control in a reason', '[{"id":"8a4f94e736","reason":"\\u009b2J"}]', '1:30', CONTROL, VIDEO],
];

const DOUBLED: readonly CaseRow[] = [
  ['two modes', '[{"id":"8a4f94e736","mode":"soft","mode":"hard"}]', '1:35', /^"mode" is there twice/],
  ['two modes, one escaped', '[{"mode":"soft","\\u006dode":"hard"}]', '1:17', /^"mode" is there twice/],
  ['two IDs', '[{"id":"8a4f94e736","id":"8a4f94e737"}]', '1:21', /^"id" is there twice/],
  ['two IDs, the first null', '[{"id":null,"id":"8a4f94e737"}]', '1:13', /^"id" is there twice/],
  ['two sorts of IDs', '[{"id":"8a4f94e736","video_id":"8a4f94e737"}]', '1:21', /ambiguous$/],
  [
    'two sorts of IDs in two rows',
    '[{"video_id":"8a4f94e736"},{"replica_id":"r79e1c033f0"}]',
    '1:29',
    /ambiguous$/,
  ],
  ['two lists', '{"videos":["8a4f94e736"],"videos":["8a4f94e737"]}', '1:26', /^"videos" is there twice/],
  ['two lists, one escaped', '{"videos":[],"\\u0076ideos":[]}', '1:14', /^"videos" is there twice/],
];

const PROTOTYPES: readonly CaseRow[] = [
  [
    '__proto__',
    '[{"id":"8a4f94e736","__proto__":{"mode":"hard"}}]',
    '1:21',
    /^"__proto__" is an unknown column/,
  ],
  [
    'an escaped __proto__',
    '[{"\\u005f_proto__":{"mode":"hard"}}]',
    '1:3',
    /^"__proto__" is an unknown column/,
  ],
  ['constructor', '[{"constructor":{"prototype":{}}}]', '1:3', /^"constructor" is an unknown column/],
  ['toString', '[{"toString":"x"}]', '1:3', /^"toString" is an unknown column/],
  ['valueOf', '[{"valueOf":"x"}]', '1:3', /^"valueOf" is an unknown column/],
  ['__proto__ as the list', '{"__proto__":["8a4f94e736"]}', '1:2', /^"__proto__" is an unknown key/],
  ['__defineGetter__', '[{"__defineGetter__":"mode"}]', '1:3', /is an unknown column/],
];

const NESTED = /is nested over 3 levels deep$/;
const LONG = /^a value is over 4096 characters long$/;
const TOO_MUCH: readonly CaseRow[] = [
  ['100,000 brackets', '['.repeat(100_000), '1:4', NESTED],
  ['60,000 brackets by turns', '{"videos":['.repeat(30_000), '1:13', UNKNOWN_COLUMN],
  ['four levels', '[[[[]]]]', '1:4', NESTED],
  ['a deep reason', '[{"reason":[[["a"]]]}]', '1:13', NESTED],
  [
    'a deep value of an ignored key',
    `[{"x":${'{"y":'.repeat(5000)}`,
    '1:12',
    NESTED,
    { ignoreColumns: ['x'] },
  ],
  ['a long text', `["${'a'.repeat(4097)}"]`, '1:2', LONG],
  ['a long text without an end', `["${'a'.repeat(300_000)}`, '1:2', LONG],
  ['a long number', `[${'1'.repeat(300_000)}]`, '1:2', LONG],
  ['a long key', `[{"${'k'.repeat(5000)}":1}]`, '1:3', LONG],
  ['a long text of escapes', `["${'\\u0061'.repeat(4097)}"]`, '1:2', LONG],
  ['a text just short enough', `["${'a'.repeat(4096)}"]`, '1:2', /is not an ID/, VIDEO],
  [
    '20,000 keys',
    `[{${Array.from({ length: 20_000 }, (_, n) => `"k${n}":1`).join(',')}}]`,
    '1:3',
    UNKNOWN_COLUMN,
  ],
];

const SECOND = /is a second value on its line$/;
const LINES: readonly CaseRow[] = [
  ['two objects on a line', '{"id":"8a4f94e736"} {"id":"8a4f94e737"}\n', '1:21', SECOND, VIDEO],
  ['two objects without a space', '{"id":"8a4f94e736"}{"id":"8a4f94e737"}\n', '1:20', SECOND, VIDEO],
  ['an object over two lines', '{"id":\n"8a4f94e736"}\n', '1:1', /^the object spans several lines$/, VIDEO],
  [
    'commas between lines',
    '{"id":"8a4f94e736"},\n{"id":"8a4f94e737"}\n',
    '1:20',
    /is not expected here/,
    VIDEO,
  ],
  ['a text', '{"id":"8a4f94e736"}\n"8a4f94e737"\n', '2:1', /is no row; expected an object/, VIDEO],
  ['a number', '{"id":"8a4f94e736"}\n8\n', '2:1', /is no row; expected an object/, VIDEO],
  ['a list', '{"id":"8a4f94e736"}\n["8a4f94e737"]\n', '2:1', /is no row; expected an object/, VIDEO],
  ['null', '{"id":"8a4f94e736"}\nnull\n', '2:1', /is no row/, VIDEO],
  [
    'a JSON list named NDJSON',
    '["8a4f94e736"]',
    '',
    /^the content looks like JSON, but its name says NDJSON/,
  ],
  ['CSV named NDJSON', 'id\n8a4f94e736\n', '', /^the content looks like CSV/],
  ['a line that ends early', '{"id":"8a4f94e736"}\n{"id":"8a4', '2:11', ENDS, VIDEO],
  ['a cut line and a whole one', '{"id":"8a4f94\n{"id":"8a4f94e737"}\n', '1:14', NOT_JSON, VIDEO],
  ['a log line', '2026-01-02 INFO deleted\n', '', /^the content looks like CSV/],
  ['a comment', '{"id":"8a4f94e736"}\n# done\n', '2:1', NOT_JSON, VIDEO],
  ['a record separator (RFC 7464)', '\u001e{"id":"8a4f94e736"}\n', '', /^the content looks like CSV/],
  ['a nested object', '{"id":{"video":"8a4f94e736"}}\n', '1:7', NO_TEXT, VIDEO],
  ['an envelope', '{"data":{"id":"8a4f94e736"}}\n', '1:2', UNKNOWN_COLUMN, VIDEO],
  ['a number as ID', '{"id":12345678}\n', '1:7', NO_TEXT, VIDEO],
  ['two modes', '{"id":"8a4f94e736","mode":"soft","mode":"hard"}\n', '1:34', /is there twice/, VIDEO],
  ['__proto__', '{"__proto__":{"id":"8a4f94e736"}}\n', '1:2', UNKNOWN_COLUMN, VIDEO],
  [
    'a long line',
    `{"id":"8a4f94e736","reason":"${'x'.repeat(4096)}"}\n`,
    '1:1',
    /^the line is over 4096 bytes$/,
    VIDEO,
  ],
  [
    'a line of spaces that is too long',
    `{"id":"8a4f94e736"}\n${' '.repeat(5000)}\n`,
    '2:1',
    /^the line is over/,
    VIDEO,
  ],
  ['a deep line', `${'{"a":'.repeat(600)}\n`, '1:2', UNKNOWN_COLUMN, VIDEO],
];

/** JSON and NDJSON that must be refused. */
export const HOSTILE_JSON: readonly HostileCase[] = [
  ...casesOf('JSON structure', 'a.json', STRUCTURE),
  ...casesOf('doubled names', 'a.json', DOUBLED),
  ...casesOf('prototype names', 'a.json', PROTOTYPES),
  ...casesOf('too much', 'a.json', TOO_MUCH),
  ...casesOf('NDJSON structure', 'a.ndjson', LINES),
];
