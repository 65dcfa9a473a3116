/** How the texts of a job file are read: each parser says what was expected, and never repeats the text. */
import { nearest } from '../did-you-mean.ts';
import { looksLikeKey } from '../key-like.ts';
import { accepted, expected, type Parser } from '../parsed.ts';

export const JOB_NAME: RegExp = /^[a-z0-9][a-z0-9._-]{0,63}$/;
/** `22:00-05:00`; the end may be 24:00. */
export const HOURS: RegExp = /^([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|(24):(00))$/;
/** What may stand in `out` for something else. */
export const OUT_PLACEHOLDER: RegExp = /\{(job|date|runId)\}/g;
export const DAY_NAMES = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
/** `mon-fri` or `sat`. */
export const DAY_RANGE: RegExp = /^(mon|tue|wed|thu|fri|sat|sun)(?:-(mon|tue|wed|thu|fri|sat|sun))?$/;

const ZONE_NAME = /^(?:UTC|[A-Z][A-Za-z_]*(?:\/[A-Z][A-Za-z0-9_+-]*)+)$/;

/** The name of a job: it names files, a lock and metrics. */
export const parseJobName: Parser<string> = (text) =>
  JOB_NAME.test(text)
    ? accepted(text)
    : expected('1 to 64 lower-case letters, digits, "-", "_" or ".", the first a letter or digit');

/** A path of a file or folder. Nobody replaces `~` here, so a path that starts with it would be another one. */
export const parseJobPath: Parser<string> = (text) => {
  if (text === '') return expected('a path');
  if (text === '-') return expected('a path; a job has no standard input');
  return /^~(?:\/|$)/.test(text)
    ? expected('a path without "~", which is not replaced here')
    : accepted(text);
};

/** A path of a Prometheus textfile; the collector reads no other name. */
export const parseMetricsPath: Parser<string> = (text) =>
  text.endsWith('.prom') ? parseJobPath(text) : expected('a path that ends in .prom');

/** A path in which `{job}`, `{date}` and `{runId}` stand for something; other braces are refused, since they look as if. */
export const parseOutTemplate: Parser<string> = (text) => {
  const rest = text.replaceAll(OUT_PLACEHOLDER, '');
  if (text === '' || text === '-' || /^~(?:\/|$)/.test(text)) return expected('the path of a folder');
  return /[{}]/.test(rest)
    ? expected('a path with no other braces than {job}, {date} and {runId}')
    : accepted(text);
};

/** Any text but the empty one. */
export const parseSomeText: Parser<string> = (text) => (text === '' ? expected('a text') : accepted(text));

/** A day or a range of days as ISO numbers, 1 is Monday: `mon-fri`, `fri-mon`, `sat`. */
export const parseDayRange: Parser<readonly number[]> = (text) => {
  const match = DAY_RANGE.exec(text);
  if (!match) return expected('a day such as mon, a range such as mon-fri, or a list such as [mon, thu]');
  const first = dayNumber(match[1]);
  const last = dayNumber(match[2] ?? match[1]);
  const count = ((last - first + 7) % 7) + 1;
  return accepted(Array.from({ length: count }, (_, index) => ((first - 1 + index) % 7) + 1));
};

/** `mon` → 1 … `sun` → 7. */
export function dayNumber(name: string | undefined): number {
  return DAY_NAMES.findIndex((day) => day === name) + 1;
}

/** From and until, in minutes after local midnight; `24:00` is the next midnight, 0. */
export const parseHours: Parser<{ readonly fromMinute: number; readonly untilMinute: number }> = (text) => {
  const match = HOURS.exec(text);
  if (!match) return expected('hours such as 22:00-05:00, or 00:00-24:00 for whole days');
  const fromMinute = Number(match[1]) * 60 + Number(match[2]);
  const untilMinute = Number(match[3] ?? 0) * 60 + Number(match[4] ?? 0);
  return accepted({ fromMinute, untilMinute });
};

/**
 * An IANA zone such as `Europe/Berlin`, or `UTC`. Not an offset or an abbreviation: `EST` and `+01:00` have no
 * summer time.
 */
export const parseTimeZone: Parser<string> = (text) => {
  const wanted = 'an IANA time zone such as Europe/Berlin, or UTC';
  if (ZONE_NAME.test(text) && isKnownZone(text)) return accepted(text);
  const zones = Intl.supportedValuesOf('timeZone');
  const near =
    zones.find((zone) => zone.toLowerCase() === text.toLowerCase()) ?? nearest(text, [...zones, 'UTC']);
  return expected(near === undefined ? wanted : `${wanted} (did you mean ${near}?)`);
};

function isKnownZone(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** One argument of a program. What looks like a key in it would be shown by `ps` and kept in version control. */
export const parseArgument: Parser<string> = (text) => {
  if (text === '') return expected('a text');
  const isSecret = text.split(/[\s=:,;"'/@?&]+/).some((part) => looksLikeKey(part));
  return isSecret
    ? expected('an argument without a key; let the program read it from a file')
    : accepted(text);
};
