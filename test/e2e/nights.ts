/** The life of a nightly job, night by night, with the real program and a wall clock that the test sets. */
import { appendFile, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openJobWorld, readMetrics, type JobWorld } from './job-world.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** 02:30 in Berlin, in summer time; on this night the clocks go back, and there is a second 02:30 an hour later. */
const END_OF_SUMMER_TIME = Date.parse('2026-10-25T00:30:00Z');

/** In which night what happens; the others are plain. */
export interface Calendar {
  readonly count: number;
  /** Killed in the middle; somebody adds to its manifest the next day. */
  readonly crash: number;
  /** The API no longer takes the key. */
  readonly revoked: number;
  /** The manifest is twenty times as large as usual. At least five plain nights before it give growth its history. */
  readonly tooLarge: number;
  /** There is no manifest. */
  readonly none: number;
  /** One of two manifests is wrong. */
  readonly malformed: number;
  /** The clocks go back. */
  readonly clocks: number;
}

/** Ten nights, and thirty. */
export const TEN: Calendar = {
  count: 10,
  crash: 1,
  revoked: 3,
  malformed: 5,
  tooLarge: 7,
  none: 8,
  clocks: 6,
};
export const THIRTY: Calendar = {
  count: 30,
  crash: 7,
  revoked: 12,
  tooLarge: 17,
  none: 19,
  malformed: 22,
  clocks: 20,
};

/** One start of the job, and what came of it. */
interface Start {
  readonly what: string;
  readonly exitCode: number | null;
  readonly expected: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Paths of its pings, and the exit codes that the webhook was told. */
  readonly pings: readonly string[];
  readonly told: readonly number[];
  /** Of the metrics after it. */
  readonly lastSuccess: number;
  readonly lastExitCode: number;
  readonly backlog: number;
}

/** Lives through the nights and answers with what was not as it should have been; empty is good. */
export async function liveThroughNights(calendar: Calendar): Promise<readonly string[]> {
  await using world = await openJobWorld({
    job: [
      'processed: move',
      'rate: 1000/s',
      'window: { hours: 22:00-05:00, timeZone: Europe/Berlin }',
      'out: results/{date}-{runId}',
      'keep: { runs: 6 }',
      'metrics: metrics/nightly.prom',
    ],
  });
  const lived = new Nights(world, calendar);
  await mkdir(join(world.folder, 'metrics'));
  for (let number = 0; number < calendar.count; number++) await lived.live(number);
  return await lived.judge();
}

class Nights {
  readonly #world: JobWorld;
  readonly #calendar: Calendar;
  readonly #starts: Start[] = [];
  /** What has to be deleted, and what must never be. */
  readonly #wanted: string[] = [];
  readonly #spared: string[] = [];
  #ids = 0xa_000_000;

  constructor(world: JobWorld, calendar: Calendar) {
    this.#world = world;
    this.#calendar = calendar;
  }

  async live(number: number): Promise<void> {
    const { crash, revoked, tooLarge, none, malformed, clocks } = this.#calendar;
    const { sandbox, canary, drop, folder } = this.#world;
    const at = END_OF_SUMMER_TIME + (number - clocks) * DAY_MS;
    const name = `requests-${new Date(at).toISOString().slice(0, 10)}.csv`;
    const file = join(drop, name);
    if (number === crash) {
      await this.#drop(name, 20, at);
      await this.#killInTheMiddle(at);
      await appendFile(file, `${this.#newIds(1, this.#wanted).join('')},video\n`);
    } else if (number === revoked) {
      await this.#drop(name, 12, at);
      await sandbox.set({ apiKeys: ['another-key-0001'] });
      await this.#start('the key is revoked', at, 6);
      await sandbox.set({ apiKeys: [canary.key] });
    } else if (number === tooLarge) {
      await this.#drop(name, 240, at, this.#spared);
      await this.#start('the manifest is too large', at, 4);
      // A person looks at it, and takes it away.
      await rename(file, join(folder, name));
    } else if (number === none) {
      await this.#start('there is no manifest', at, 0);
    } else if (number === malformed) {
      await this.#drop(name, 10, at);
      await writeFile(join(drop, 'broken.csv'), 'id,kind\nnot an id,video\n');
      await this.#start('one manifest is wrong', at, 3);
    } else if (number === clocks) {
      await this.#drop(name, 10, at);
      await this.#start('the first 02:30', at, 0);
      await this.#start('the second 02:30', at + HOUR_MS, 0);
      await this.#start('04:30 in winter time', at + 3 * HOUR_MS, 0);
      await this.#start('05:30 in winter time', at + 4 * HOUR_MS, 4);
    } else {
      await this.#drop(name, 10 + (number % 4), at);
      await this.#start('plain', at, 0);
    }
  }

  /** In the evening before. */
  async #drop(name: string, count: number, at: number, into: string[] = this.#wanted): Promise<void> {
    await this.#world.manifest(name, this.#newIds(count, into), at - 6 * HOUR_MS);
  }

  #newIds(count: number, into: string[]): readonly string[] {
    const ids = Array.from({ length: count }, () => (this.#ids++).toString(16).padStart(10, '0'));
    into.push(...ids);
    return ids;
  }

  async #start(what: string, at: number, expected: number): Promise<void> {
    const { pings, told, folder, file } = this.#world;
    const [pingsBefore, toldBefore] = [pings.length, told.length];
    const args = ['job', 'run', file, '--trigger', 'cron', '--quiet'];
    const { code, stdout, stderr } = await this.#world.run(args, at);
    const values = await readMetrics(join(folder, 'metrics', 'nightly.prom'));
    this.#starts.push({
      what,
      exitCode: code,
      expected,
      stdout,
      stderr,
      pings: pings.slice(pingsBefore),
      told: told.slice(toldBefore).map(({ exitCode }) => exitCode),
      lastSuccess: values.get('last_success_timestamp_seconds') ?? -1,
      lastExitCode: values.get('last_exit_code') ?? -1,
      backlog: values.get('backlog_entries') ?? -1,
    });
  }

  async #killInTheMiddle(at: number): Promise<void> {
    const { sandbox, file } = this.#world;
    await sandbox.set({ latencyMs: [40, 40] });
    const before = await this.#world.requests();
    const { child, ended } = this.#world.start(['job', 'run', file, '--quiet'], at);
    await this.#world.untilRequests(before + 6);
    child.kill('SIGKILL');
    await ended;
    await sandbox.set({ latencyMs: [0, 0] });
  }

  async judge(): Promise<readonly string[]> {
    const problems = [
      ...this.#judgeWords(),
      ...this.#judgeTold(),
      ...(await this.#judgeDeletions()),
      ...(await this.#judgeFolders()),
      ...(await this.#judgeHistory()),
      ...(await this.#world.leaks()),
    ];
    return problems;
  }

  /** What the operator of cron sees: nothing, or one line that says what to do. */
  #judgeWords(): readonly string[] {
    return this.#starts.flatMap(({ what, exitCode, expected, stdout, stderr }) => {
      const isRight =
        exitCode === expected &&
        stdout === '' &&
        (expected === 0
          ? stderr === ''
          : /^nightly (?:stopped|refused|partial): .+; next: .+\n$/.test(stderr));
      return isRight
        ? []
        : [`${what}: ended with ${String(exitCode)} and said ${JSON.stringify(stdout + stderr)}`];
    });
  }

  /** A start and an end for each night; metrics that keep the last success through failures. */
  #judgeTold(): readonly string[] {
    let success = 0;
    return this.#starts.flatMap((start) => {
      const { what, expected, pings, told, lastSuccess, lastExitCode } = start;
      const end = expected === 0 ? '/check' : '/check/fail';
      // One that is outside its window does not start.
      const wanted = what === '05:30 in winter time' ? [end] : ['/check/start', end];
      const problems = [
        ...(pings.join() === wanted.join() ? [] : [`${what}: pings ${pings.join()}`]),
        ...(told.join() === String(expected) ? [] : [`${what}: webhook ${told.join()}`]),
        ...(lastExitCode === expected ? [] : [`${what}: the metrics say exit code ${lastExitCode}`]),
        ...((expected === 0 ? lastSuccess > success : lastSuccess === success)
          ? []
          : [`${what}: the last success is ${lastSuccess}, after ${success}`]),
        ...(start.backlog === (WAITING[what] ?? 0) ? [] : [`${what}: a backlog of ${start.backlog}`]),
      ];
      success = lastSuccess;
      return problems;
    });
  }

  /** What was asked for is deleted once, and nothing else; only what was in flight at the crash is asked for again. */
  async #judgeDeletions(): Promise<readonly string[]> {
    const { deleted, requests, perId } = await this.#world.sandbox.state();
    const gone = deleted.map(({ id }) => id).toSorted();
    return [
      ...(gone.join() === this.#wanted.toSorted().join()
        ? []
        : ['other IDs are gone than those that were asked for']),
      ...this.#spared.filter((id) => perId[id] !== undefined).map((id) => `${id} was asked for`),
      ...(requests.total <= this.#wanted.length + 8 ? [] : [`${requests.total} requests`]),
    ];
  }

  async #judgeFolders(): Promise<readonly string[]> {
    const world = this.#world;
    const rejected = (await world.names('rejected')).join();
    const done = await world.names('done');
    const results = done.filter((name) => name.endsWith('.results.csv'));
    const rows = new Set<string>();
    for (const name of results) {
      const [, ...lines] = (await readFile(join(world.drop, 'done', name), 'utf8')).trimEnd().split('\n');
      for (const line of lines) rows.add(line.split(',')[1] ?? '');
    }
    const missing = this.#wanted.filter((id) => !rows.has(id));
    const out = await readdir(join(world.folder, 'results'));
    return [
      ...(await world.names()).map((name) => `${name} is left in the drop folder`),
      ...(rejected === 'broken.csv,broken.csv.reasons.txt' ? [] : [`rejected: ${rejected}`]),
      ...(done.length === 2 * results.length ? [] : [`done: ${done.join()}`]),
      ...(missing.length === 0 ? [] : [`${missing.length} IDs have no result in done/`]),
      ...(out.length > this.#calendar.count / 2 ? [] : [`results: ${out.join()}`]),
    ];
  }

  /** Old run folders are gone, and what they deleted is known all the same. */
  async #judgeHistory(): Promise<readonly string[]> {
    const [first = ''] = this.#wanted;
    const list = await this.#world.run(['runs', 'list', '--job', 'nightly', '--state', 'finished', '--json']);
    const found = await this.#world.run(['runs', 'find', first, '--json']);
    const runs = JSON.parse(list.stdout) as readonly unknown[];
    const [finding] = JSON.parse(found.stdout) as readonly {
      job: string;
      outcome: string;
      folder: unknown;
    }[];
    const isKnown = finding?.job === 'nightly' && finding.outcome === 'deleted' && finding.folder === null;
    return [
      ...(runs.length === 6 ? [] : [`${runs.length} finished runs are left`]),
      ...(isKnown ? [] : [`the ledger says ${found.stdout} of ${first}`]),
    ];
  }
}

/** How many entries wait after such a night; none after any other. */
const WAITING: Readonly<Record<string, number>> = {
  'the key is revoked': 12,
  'the manifest is too large': 240,
};
