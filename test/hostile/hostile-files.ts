/** Names that are no plain file, and files that contradict themselves or each other. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { casesOf, type CaseRow, type HostileCase } from './hostile-case.ts';

const NO_FILE = /^there is no such file$/;
const NOT_REGULAR = /^is not a regular file$/;

const NOT_PLAIN: readonly CaseRow[] = [
  ['nothing', undefined, '', NO_FILE],
  ['a FIFO without a writer', (path) => execFileSync('mkfifo', [path]), '', NOT_REGULAR],
  ['a link to an endless device', (path) => symlinkSync('/dev/zero', path), '', NOT_REGULAR],
  ['a link to an empty device', (path) => symlinkSync('/dev/null', path), '', NOT_REGULAR],
  ['a link to nothing', (path) => symlinkSync('gone.csv', path), '', NO_FILE],
  ['a link to itself', (path) => symlinkSync('a.csv', path), '', /^cannot be read$/],
  ['an empty folder', (path) => mkdirSync(path), '', /^the folder has no manifest/],
  [
    'a folder with a deeper one only',
    (path) => {
      mkdirSync(join(path, 'b.csv'), { recursive: true });
      writeFileSync(join(path, 'b.csv', 'c.csv'), 'id,kind\n8a4f94e736,video\n');
    },
    '',
    /^the folder has no manifest/,
  ],
  [
    'a folder with hidden files only',
    (path) => {
      mkdirSync(path);
      writeFileSync(join(path, '.hidden.csv'), 'id,kind\n8a4f94e736,video\n');
    },
    '',
    /^the folder has no manifest/,
  ],
  [
    'a link to a folder of devices',
    (path) => symlinkSync('/dev/fd', path),
    '',
    /^the folder has no manifest/,
  ],
  [
    'a file of 1 GiB and a byte',
    (path) => {
      writeFileSync(path, 'id\n');
      truncateSync(path, 1024 ** 3 + 1);
    },
    '',
    /^is over 1 GiB$/,
  ],
];

const TWICE = 'is listed as';
const CONTRADICTIONS: readonly CaseRow[] = [
  [
    'soft, then hard',
    'id,kind,mode\n8a4f94e736,video,soft\n8a4f94e736,video,hard\n',
    '3:1',
    /is listed as video hard here and as video soft at .*:2$/,
  ],
  [
    'hard, then soft',
    'id,kind,mode\n8a4f94e736,video,hard\n8a4f94e736,video,soft\n',
    '3:1',
    /is listed as video soft here and as video hard at .*:2$/,
  ],
  [
    'soft by default, then hard',
    'id,kind,mode\n8a4f94e736,video,\n8a4f94e736,video,hard\n',
    '3:1',
    new RegExp(TWICE),
  ],
  [
    'hard by option, then soft',
    'id,mode\n8a4f94e736,\n8a4f94e736,soft\n',
    '3:1',
    new RegExp(TWICE),
    { kind: 'video', mode: 'hard' },
  ],
  [
    'two kinds',
    'id,kind\nabcd1234,video\nabcd1234,replica\n',
    '3:1',
    /as replica soft here and as video soft/,
    { anyIdShape: true },
  ],
  [
    'three lines of the same ID',
    'id,kind,mode\n8a4f94e736,video,soft\n8a4f94e736,video,soft\n8a4f94e736,video,hard\n',
    '4:1',
    /:2$/,
  ],
  [
    'far apart',
    `id,kind,mode\n8a4f94e736,video,soft\n${Array.from({ length: 2000 }, (_, n) => `${(0xb000000 + n).toString(16)},video,soft\n`).join('')}8a4f94e736,video,hard\n`,
    '2003:1',
    /at .*:2$/,
  ],
];

/** Names and contradictions that must be refused. */
export const HOSTILE_FILES: readonly HostileCase[] = [
  ...casesOf('not a plain file', 'a.csv', NOT_PLAIN),
  ...casesOf('contradictions', 'a.csv', CONTRADICTIONS),
  ...casesOf('contradictions', 'a.json', [
    [
      'two modes',
      '[{"id":"8a4f94e736","mode":"soft"},\n{"id":"8a4f94e736","mode":"hard"}]',
      '2:1',
      /at .*:1$/,
      { kind: 'video' },
    ],
    [
      'two lists',
      '{"videos":["abcd1234"],\n"replicas":["abcd1234"]}',
      '2:1',
      /as replica soft here and as video soft/,
      { anyIdShape: true },
    ],
  ]),
];
