import { describe, expect, test } from 'vitest';
import { jobRunBy, JOB_NAMES, readKit } from './kits.ts';
import { expectGoodTimes, type LocalTime, type Starts } from './times.ts';

interface Entry {
  readonly fields: readonly string[];
  readonly command: readonly string[];
  readonly text: string;
}

/** What cron reads: comments and empty lines, `NAME=value`, and lines with five fields before the command. */
async function readCrontab(): Promise<{
  readonly settings: ReadonlyMap<string, string>;
  readonly entries: readonly Entry[];
}> {
  const settings = new Map<string, string>();
  const entries: Entry[] = [];
  for (const line of (await readKit('crontab')).split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, name, value = ''] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined) {
      settings.set(name, value);
      continue;
    }
    const words = line.trim().split(/\s+/);
    entries.push({ fields: words.slice(0, 5), command: words.slice(5), text: line });
  }
  return { settings, entries };
}

const RANGES: readonly (readonly [least: number, most: number])[] = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
];

/** The numbers that a field of a crontab stands for. Throws for one that cron would refuse. */
function numbersOf(field: string, position: number): ReadonlySet<number> {
  const [least, most] = RANGES[position] ?? [0, 0];
  const numbers = field.split(',').flatMap((part) => {
    const [, range = '', step = '1'] = /^(\*|\d+|\d+-\d+)(?:\/(\d+))?$/.exec(part) ?? [];
    if (range === '') throw new Error(`not a field of a crontab: ${field}`);
    const [from = least, until = range === '*' ? most : from] =
      range === '*' ? [] : range.split('-').map(Number);
    if (from < least || until > most || from > until) throw new Error(`out of its range: ${field}`);
    return Array.from({ length: until - from + 1 }, (_, index) => from + index).filter(
      (number) => (number - from) % Number(step) === 0,
    );
  });
  return new Set(numbers);
}

function isStartOf({ fields }: Entry): (time: LocalTime) => boolean {
  const [minutes, hours, , , weekdays] = fields.map(numbersOf);
  return ({ minute, hour, weekday }) =>
    minutes?.has(minute) === true && hours?.has(hour) === true && weekdays?.has(weekday) === true;
}

/** The start of one entry, moved to another time of the day. */
async function startsOf(entries: readonly Entry[]): Promise<readonly Starts[]> {
  return Promise.all(
    entries.map(async (entry) => ({
      job: await jobRunBy(entry.command.slice(1)),
      isStart: isStartOf(entry),
      delayMs: 0,
    })),
  );
}

describe('jobs/crontab', () => {
  test('runs each job that ships, quietly and with its trigger, and asks no shell to do more', async () => {
    const { entries } = await readCrontab();
    const jobs = await Promise.all(entries.map(({ command }) => jobRunBy(command.slice(1))));
    expect(jobs.map(({ name }) => name)).toEqual(JOB_NAMES);
    for (const { command, text } of entries) {
      expect(command[0]).toBe('tavus-purge');
      expect(command.slice(-3)).toEqual(['--trigger', 'cron', '--quiet']);
      // A per cent sign would end the command; the rest would let a shell hide the exit code or the output.
      expect(text).not.toMatch(/[%|&;<>`$\\'"]/);
    }
  });

  test('tells cron whom to mail, where the program is, and the program where the key and the state are', async () => {
    const { settings } = await readCrontab();
    expect(Object.fromEntries(settings)).toEqual({
      MAILTO: 'ops@example.com',
      SHELL: '/bin/sh',
      PATH: expect.stringContaining('/usr/local/bin'),
      TAVUS_PURGE_API_KEY_FILE: '/etc/tavus-purge/api-key',
      TAVUS_PURGE_STATE_DIR: '/var/lib/tavus-purge',
    });
  });

  test('starts every job inside its window all year, and none while another one may be at work', async () => {
    const { entries } = await readCrontab();
    expect(entries.flatMap(({ fields }) => fields.slice(2, 4))).toEqual(entries.flatMap(() => ['*', '*']));
    expectGoodTimes(await startsOf(entries), 'Europe/Berlin');
  });

  test('is right about the time that a machine with UTC needs for the weekly job', async () => {
    const { entries } = await readCrontab();
    const weekly = entries.find(({ text }) => text.includes('weekly'));
    const [, minute = '', hour = ''] =
      /write (\d+) (\d+) for the second line/.exec(await readKit('crontab')) ?? [];
    const moved = { ...weekly, fields: [minute, hour, ...(weekly?.fields.slice(2) ?? [])] } as Entry;
    expect(moved.fields).toHaveLength(5);
    expectGoodTimes(await startsOf([moved]), 'UTC');
  });
});
