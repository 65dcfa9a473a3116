import { parseDuration } from '../durations.ts';
import { isJobName, isNote, JOB_NAME_RULE, noteRule } from '../run-notes.ts';
import { accepted, expected, type Parser } from '../parsed.ts';

/** Digits only: no sign, no exponent, no hex, no separators, no leading zeros. */
const COUNT = /^(?:0|[1-9]\d{0,8})$/;

/** A whole number in `[least, most]`. */
export function countBetween(least: number, most: number): Parser<number> {
  return (text) => {
    const value = COUNT.test(text) ? Number(text) : -1;
    if (value >= least && value <= most) return accepted(value);
    return expected(`a whole number from ${least} to ${most}`);
  };
}

/** A cap: a whole number, 0 allows none; `null` is `unlimited`, which must be spelled. */
export const parseCap: Parser<number | null> = (text) => {
  if (text === 'unlimited') return accepted(null);
  if (COUNT.test(text)) return accepted(Number(text));
  return expected('a whole number from 0 to 999999999, or "unlimited"');
};

/** A share from 0 to 1, such as `0.25`. */
export const parseShare: Parser<number> = (text) =>
  /^(?:0(?:\.\d{1,6})?|1(?:\.0{1,6})?)$/.test(text)
    ? accepted(Number(text))
    : expected('a share from 0 to 1, such as 0.1');

/** One of `words`, literally. */
export function oneOf<const T extends string>(words: readonly T[]): Parser<T> {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    return word === undefined ? expected(words.map((each) => `"${each}"`).join(' or ')) : accepted(word);
  };
}

/** The two spellings of a flag in the environment and in a config file. */
export const parseFlag: Parser<boolean> = (text) => {
  if (text === 'true') return accepted(true);
  return text === 'false' ? accepted(false) : expected('"true" or "false"');
};

/** A short text that is kept with a run. */
export function parseNote(most: number): Parser<string> {
  return (text) => (isNote(text, most) ? accepted(text) : expected(noteRule(most)));
}

/** The name of a job. */
export const parseJobName: Parser<string> = (text) =>
  isJobName(text) ? accepted(text) : expected(JOB_NAME_RULE);

const DATE = /^\d{4}-\d\d-\d\d$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/;

const SINCE_EXPECTED = expected(
  'a duration such as 7d, a day such as 2026-11-01, or a time such as 2026-11-01T18:00Z',
);

/** A moment: so long ago, or a fixed one (ms since 1970). A day starts at midnight UTC. */
export type Since = { readonly agoMs: number } | { readonly at: number };

/** `7d`, `2026-11-01` or `2026-11-01T18:00Z`. */
export const parseSince: Parser<Since> = (text) => {
  const duration = parseDuration(text);
  if (duration.ok) return accepted({ agoMs: duration.value });
  if (!DATE.test(text) && !TIME.test(text)) return SINCE_EXPECTED;
  const at = Date.parse(text);
  const day = Date.parse(`${text.slice(0, 10)}T00:00:00Z`);
  if (Number.isNaN(at) || Number.isNaN(day)) return SINCE_EXPECTED;
  // `Date.parse` takes the 31st of any month for a day of the next one.
  return new Date(day).toISOString().startsWith(text.slice(0, 10)) ? accepted({ at }) : SINCE_EXPECTED;
};

/** The path of a file or folder; `-` is no path. */
export const parsePath: Parser<string> = (text) => {
  if (text === '-') return expected('a path; standard input is not possible here');
  return text === '' || text.includes('\0') ? expected('a path') : accepted(text);
};

/** Any text but the empty one. */
export const parseText: Parser<string> = (text) => (text === '' ? expected('a value') : accepted(text));

const DELIMITERS: Readonly<Record<string, string>> = {
  ',': ',',
  ';': ';',
  '|': '|',
  tab: '\t',
  '\\t': '\t',
  '\t': '\t',
};

/** The character between CSV columns. */
export const parseDelimiter: Parser<string> = (text) => {
  const delimiter = Object.hasOwn(DELIMITERS, text) ? DELIMITERS[text] : undefined;
  return delimiter === undefined ? expected('one of , ; | tab') : accepted(delimiter);
};

const OUR_COLUMNS = ['id', 'kind', 'mode', 'reason', 'ticket'];

/** `id=video_uuid`: our column and the manifest's name for it. */
export const parseColumnPair: Parser<readonly [string, string]> = (text) => {
  const at = text.indexOf('=');
  const ours = text.slice(0, at);
  const theirs = text.slice(at + 1);
  if (at === -1 || theirs === '' || !OUR_COLUMNS.includes(ours)) {
    return expected(`a pair such as id=video_uuid, for one of ${OUR_COLUMNS.join(', ')}`);
  }
  return accepted([ours, theirs]);
};

/** `a,b` or `*`. */
export const parseColumnList: Parser<readonly string[]> = (text) => {
  const columns = text.split(',');
  return columns.includes('') ? expected('column names such as a,b or *') : accepted(columns);
};
