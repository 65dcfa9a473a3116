import { spawnSync } from 'node:child_process';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROGRAM } from '../cli/process.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { JOB_NAMES, JOBS, jobRunBy, readJob, readKit } from './kits.ts';
import { expectGoodTimes, type LocalTime } from './times.ts';

const INSTALLED = '/usr/local/bin/tavus-purge';
const NEEDS_SYSTEMD = 'needs systemd-analyze, of the package systemd';
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
const isSkipped = !hasSystemd && process.env['CI'] === undefined;

/** Every value of each setting of a unit file or drop-in, in order, as `Section.Setting`; a continued line is one. */
async function readUnit(path: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const settings = new Map<string, string[]>();
  let section = '';
  for (const line of (await readKit(path)).replaceAll('\\\n', '').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [, named, key = '', value = ''] = /^(?:\[(\w+)\]|(\w+)=(.*))$/.exec(line) ?? [];
    if (named === undefined && key === '') throw new Error(`not a line of a unit: ${line}`);
    if (named === undefined) {
      const name = `${section}.${key}`;
      settings.set(name, [...(settings.get(name) ?? []), value.trim()]);
    } else section = named;
  }
  return settings;
}

/** The units as they ship, in a folder of their own, but with the program of this checkout. */
async function installUnits(change: (text: string) => string = (text) => text): Promise<string> {
  const folder = await temporaryFolder();
  await cp(join(JOBS, 'systemd'), folder, { recursive: true });
  const service = join(folder, 'tavus-purge@.service');
  await writeFile(service, change((await readFile(service, 'utf8')).replaceAll(INSTALLED, PROGRAM)));
  return folder;
}

function analyze(...args: readonly string[]): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
  return { status, said: args[0] === 'verify' ? `${stdout}${stderr}` : stdout };
}

describe.skipIf(isSkipped)(`systemd-analyze (${NEEDS_SYSTEMD})`, () => {
  test('finds nothing wrong with the service and the timer of each job', async () => {
    const folder = await installUnits();
    for (const name of JOB_NAMES) {
      for (const unit of ['service', 'timer']) {
        const verified = analyze('verify', join(folder, `tavus-purge@${name}.${unit}`));
        expect({ name, unit, ...verified }).toEqual({ name, unit, status: 0, said: '' });
      }
    }
  });

  test('would find a setting that is misspelt', async () => {
    const folder = await installUnits((text) => text.replace('ProtectSystem=', 'ProtectSytem='));
    expect(analyze('verify', join(folder, 'tavus-purge@nightly-soft-sweep.service')).said).toContain(
      'ProtectSytem',
    );
  });

  test('rates the exposure of the service at 1.3 of 10, or less', async () => {
    const folder = await installUnits();
    const unit = join(folder, 'tavus-purge@.service');
    const { status, said } = analyze('security', '--offline=true', '--threshold=13', '--no-pager', unit);
    expect(said).toContain('Overall exposure level');
    expect(status).toBe(0);
    expect(Number(/ (\d+\.\d) OK/.exec(said)?.[1])).toBeLessThanOrEqual(1.3);
  });

  test('can read the times of all timers', async () => {
    const times = (await Promise.all(JOB_NAMES.map(calendarOf))).map(({ calendar }) => calendar);
    const { status, said } = analyze('calendar', ...times);
    expect({ status, read: said.match(/Normalized form/g)?.length }).toEqual({
      status: 0,
      read: times.length,
    });
  });
});

/** When the timer of a job elapses: as its drop-in says, else as the timer itself does. */
async function calendarOf(name: (typeof JOB_NAMES)[number]): Promise<{
  readonly calendar: string;
  readonly isPersistent: boolean;
  readonly isReset: boolean;
}> {
  const dropIn = `tavus-purge@${name}.timer.d`;
  const timer = await readUnit('systemd/tavus-purge@.timer');
  const own = (await readdir(join(JOBS, 'systemd'))).includes(dropIn)
    ? await readUnit(`systemd/${dropIn}/times.conf`)
    : undefined;
  const times = own?.get('Timer.OnCalendar') ?? ['', ...(timer.get('Timer.OnCalendar') ?? [])];
  const persistent = own?.get('Timer.Persistent') ?? timer.get('Timer.Persistent');
  return {
    calendar: times.at(-1) ?? '',
    isPersistent: persistent?.[0] === 'true',
    isReset: times.length === 2 && times[0] === '',
  };
}

/** The few forms of a calendar that the timers use: a day or none, an hour or a range, a minute. */
function isElapsedAt(calendar: string): (time: LocalTime) => boolean {
  const [, day, from = '', until = from, minute = ''] =
    /^(?:(Sun) )?\*-\*-\* (\d\d)(?:\.\.(\d\d))?:(\d\d):00 Europe\/Berlin$/.exec(calendar) ?? [];
  if (minute === '') throw new Error(`not understood by this test: ${calendar}`);
  return (time) =>
    (day === undefined || time.weekday === 0) &&
    time.hour >= Number(from) &&
    time.hour <= Number(until) &&
    time.minute === Number(minute);
}

describe('jobs/systemd', () => {
  test('the service runs the job of its instance, with the key that systemd hands over', async () => {
    const service = await readUnit('systemd/tavus-purge@.service');
    const [program, ...words] = (service.get('Service.ExecStart')?.[0] ?? '').split(/\s+/);
    expect(program).toBe(INSTALLED);
    for (const name of JOB_NAMES) {
      const job = await jobRunBy(words.map((word) => word.replace('%i', name)));
      expect(job.name).toBe(name);
    }
    expect(words.slice(-4)).toEqual([
      '--state-dir',
      '${STATE_DIRECTORY}',
      '--api-key-file',
      '${CREDENTIALS_DIRECTORY}/tavus-api-key',
    ]);
    expect(service.get('Service.LoadCredential')).toEqual(['tavus-api-key:/etc/tavus-purge/api-key']);
    expect(service.get('Service.StateDirectoryMode')).toEqual(['0700']);
    expect(service.get('Unit.ConditionPathExists')).toEqual(['/srv/tavus-purge/%i.yaml']);
  });

  test('the service is given the time that a clean end takes, and every exit code but 0 shows', async () => {
    const service = await readUnit('systemd/tavus-purge@.service');
    expect(service.get('Service.KillSignal')).toEqual(['SIGTERM']);
    // 20 seconds for what is under way and 30 for notifications, and time to write.
    expect(Number(service.get('Service.TimeoutStopSec')?.[0])).toBeGreaterThanOrEqual(20 + 30 + 10);
    expect([...service.keys()].filter((key) => /SuccessExitStatus|RestartForce/.test(key))).toEqual([]);
    expect(service.get('Service.Restart')).toEqual(['no']);
  });

  test('the timers start every job inside its window all year, and none while another one may be at work', async () => {
    const timer = await readUnit('systemd/tavus-purge@.timer');
    expect(timer.get('Timer.RandomizedDelaySec')).toEqual(['10min']);
    expect(timer.get('Timer.AccuracySec')).toEqual(['1min']);
    const all = await Promise.all(
      JOB_NAMES.map(async (name) => {
        const { calendar, isReset } = await calendarOf(name);
        expect(isReset).toBe(true);
        return { job: await readJob(name), isStart: isElapsedAt(calendar), delayMs: 11 * 60_000 };
      }),
    );
    expectGoodTimes(all, 'Europe/Berlin');
  });

  test('only a job without a window makes up for a time that was missed', async () => {
    const persistent = await Promise.all(
      JOB_NAMES.map(async (name) => (await calendarOf(name)).isPersistent),
    );
    expect(persistent).toEqual([true, false, false]);
  });
});
