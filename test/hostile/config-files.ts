/** Config files that must be refused with a place, and never quoted where they could hold a key. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { casesOf, type CaseRow, type HostileCase } from './hostile-case.ts';

const NOT_YAML = /is not plain YAML \([A-Z_]+\)/;
const NO_OPTION = /is not an option/;
/** Deep nesting: where the reader gives up depends on the stack. */
const TOO_DEEP = /:1:\d+ is not plain YAML \(RESOURCE_EXHAUSTION\)/;
const PLAIN = /expected one plain value/;

const ROWS: readonly CaseRow[] = [
  ['a list', '- rate: 5/s\n', '1:1', /expected lines such as "rate: 5\/s"/],
  ['a text', 'rate 5/s\n', '1:1', /expected lines such as/],
  ['a number', '5\n', '1:1', /expected lines such as/],
  ['JSON that is cut', '{"rate": "5/s"', '1:15', NOT_YAML],
  ['a tab', 'rate:\t5/s\n\tmode: soft\n', '2:1', NOT_YAML],
  ['an option twice', 'rate: 5/s\nrate: 6/s\n', '2:1', NOT_YAML],
  ['an option twice, in two spellings', 'max-hard: 1\nmaxHard: 2\n', '2:1', NO_OPTION],
  ['two documents', 'rate: 5/s\n---\nrate: 6/s\n', '2:1', NOT_YAML],
  ['an open quote', 'rate: "5/s\n', '2:1', NOT_YAML],
  ['an anchor', 'rate: &a 5/s\n', '1:10', PLAIN],
  ['an alias', 'rate: 5/s\nmode: *a\n', '2:7', PLAIN],
  ['a tag', 'rate: !!js/function "function(){}"\n', '1:7', NOT_YAML],
  ['a binary', 'rate: !!binary aGk=\n', '1:16', PLAIN],
  ['a merge', '<<: {rate: 5/s}\n', '1:1', NO_OPTION],
  ['a map as value', 'rate: {count: 5}\n', '1:7', PLAIN],
  ['a list for one value', 'rate: [5/s]\n', '1:7', PLAIN],
  ['nothing as value', 'rate:\n', '1:6', PLAIN],
  ['null as value', 'rate: null\n', '1:7', PLAIN],
  ['a list as name', '? [rate]\n: 5/s\n', '1:3', /is not an option name/],
  ['an unknown option', 'rat: 5/s\n', '1:1', /"rat" is not an option; did you mean rate\?/],
  ['another config file', 'config: other.yaml\n', '1:1', /"config" is not an option here; a config file/],
  ['__proto__', '__proto__: {rate: 5/s}\n', '1:1', NO_OPTION],
  ['constructor', 'constructor: x\n', '1:1', NO_OPTION],
  ['toString', 'toString: x\n', '1:1', NO_OPTION],
  ['a number that is none', 'max-hard: 1e3\n', '1:11', /max-hard: expected .*, found "1e3"/],
  ['a hex number', 'max-deletions: 0x10\n', '1:16', /found "0x10"/],
  ['an infinite number', 'max-deletions: .inf\n', '1:16', /found "\.inf"/],
  ['not a number', 'max-hard: .nan\n', '1:11', /found "\.nan"/],
  ['a negative number', 'max-hard: -1\n', '1:11', /found "-1"/],
  ['an underscore', 'max-deletions: 1_000\n', '1:16', /found "1_000"/],
  ['a wrong mode', 'mode: HARD\n', '1:7', /found "HARD"/],
  ['yes for a switch', 'skip-invalid: yes\n', '1:15', /found "yes"/],
  ['an escape in a value', 'mode: "\\e[2J"\n', '1:7', /found "<U\+001B>\[2J"/],
  ['bidi in a value', 'mode: "\u202etfos"\n', '1:7', /found "<U\+202E>tfos"/],
  ['bidi in a name', '"\u202edom": soft\n', '1:1', /\(a name that is not shown\) is not an option/],
  ['a key', 'api-key: abcdefgh0123\n', '1:1', /looks like an API key; put the key into TAVUS_API_KEY/],
  ['a key in capitals', 'TAVUS_API_KEY: abcdefgh0123\n', '1:1', /looks like an API key/],
  ['a token', 'token: abcdefgh0123\n', '1:1', /looks like an API key/],
  ['a key as name', '9f8e7d6c5b4a39281706abcd: 1\n', '1:1', /looks like an API key/],
  ['a key as value', 'mode: 9f8e7d6c5b4a39281706abcd\n', '1:7', /the value looks like an API key/],
  ['a key in a list', 'hold: [9f8e7d6c5b4a39281706abcd]\n', '1:7', /the value looks like an API key/],
  ['nothing', undefined, '', /cannot be read/],
  ['bytes that are no UTF-8', Buffer.from([0x72, 0xff]), '', /cannot be read/],
  ['UTF-16', Buffer.from('\ufeffrate: 5/s', 'utf16le'), '', /cannot be read/],
  ['a folder', (path) => mkdirSync(path), '', /is not a regular file/],
  ['a FIFO', (path) => execFileSync('mkfifo', [path]), '', /is not a regular file/],
  ['an endless device', (path) => symlinkSync('/dev/zero', path), '', /is not a regular file/],
  ['a link to itself', (path) => symlinkSync('c.yaml', path), '', /cannot be read/],
  [
    'a gigabyte',
    (path) => {
      writeFileSync(path, 'rate: 5/s\n');
      truncateSync(path, 1024 ** 3);
    },
    '',
    /is larger than 65536 bytes/,
  ],
  ['32,000 brackets', `hold: ${'['.repeat(32_000)}`, '', TOO_DEEP],
  ['32,000 closed brackets', `hold: ${'['.repeat(16_000)}${']'.repeat(16_000)}\n`, '', TOO_DEEP],
  ['32,000 braces', `hold: ${'{a: '.repeat(16_000)}`, '', TOO_DEEP],
  ['16,000 dashes', `hold: [\n${'- '.repeat(16_000)}x\n`, '2:1', NOT_YAML],
  ['16,000 dashes on a line', `${'- '.repeat(16_000)}x\n`, '', TOO_DEEP],
  ['32,000 question marks', '? '.repeat(32_000), '', TOO_DEEP],
  [
    '1,500 unknown names',
    Array.from({ length: 1500 }, (_, n) => `x${n.toString(36)}: 1\n`).join(''),
    '1:1',
    NO_OPTION,
  ],
  [
    'laughs',
    `a: &a [x,x]\n${'bcdefghij'.replaceAll(/./g, (name) => `${name}: &${name} [*a,*a]\n`)}`,
    '1:1',
    NO_OPTION,
  ],
];

export const HOSTILE_CONFIGS: readonly HostileCase[] = casesOf('too much', 'c.yaml', ROWS);
