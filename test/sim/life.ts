import type { DeleteApi, LifeEnd, PurgeEvent, RunJournal } from '../../src/ports.ts';
import { carryOut } from '../../src/purge.ts';
import { scrubberFor } from '../../src/scrub.ts';
import { SqliteRunJournal } from '../../src/store/run-journal.ts';
import { classifyAnswer } from '../../src/tavus/classify-answer.ts';
import { ABORTED, type Observation } from '../../src/tavus/observation.ts';
import { deletionPath } from '../../src/tavus/deletion-url.ts';
import type { ExecutionSettings, PlanHeader } from '../../src/types.ts';
import { chanceOf, type Chance } from './chance.ts';
import type { LifeStory } from './history.ts';
import { SimulatedHolds } from './holds.ts';
import type { RunDb } from './run-db.ts';
import type { Death, LifeFate, Scenario } from './scenario.ts';
import { SECRET } from './fates.ts';
import type { Server } from './server.ts';
import type { World } from './world.ts';

/** No timer is so exact that time could stand still over the rounding of a float. */
const TICK_MS = 0.001;

/** What is seen of a request that was held back. */
const NEVER_LEFT: Observation = { kind: 'not_sent', code: ABORTED, message: 'held back before it left' };

/** How many requests have to wait for a connection, where opening one takes time. */
const CONNECTING = 0.3;

/** How long a life may take at the most, in true time. A run that waits longer than this will never end. */
const LONGEST_LIFE_MS = 24 * 3_600_000;

export interface LifeOptions {
  readonly number: number;
  readonly header: PlanHeader;
  readonly settings: ExecutionSettings;
  readonly scenario: Scenario;
  /** `null`: nothing happens to this life, and nothing fails. */
  readonly fate: LifeFate | null;
}

/** One process that carries the run on, from its start until it ends or is killed. */
export class Life {
  readonly story: LifeStory;
  readonly #world: World;
  readonly #server: Server;
  readonly #run: RunDb;
  readonly #options: LifeOptions;
  readonly #chance: Chance;
  readonly #bornAt: number;
  #events = 0;
  #eventsOfThatSort = 0;
  #isOver = false;

  constructor(world: World, server: Server, run: RunDb, options: LifeOptions) {
    this.#world = world;
    this.#server = server;
    this.#run = run;
    this.#options = options;
    this.#chance = chanceOf(options.scenario.seed, `life ${options.number}`);
    // Every process has a monotonic clock with an origin of its own.
    this.#bornAt = world.now - this.#chance.between(0, 50);
    this.story = {
      number: options.number,
      startedAt: world.now,
      settings: options.settings,
      killedBy: null,
      storageFailedAt: null,
      signalledAt: null,
      end: null,
      thrown: null,
      endedAt: world.now,
      pausedMs: Math.max(0, run.pausedUntil() - world.wall()),
    };
  }

  /** Lives the life to its end. */
  async live(): Promise<LifeStory> {
    const world = this.#world;
    const { story } = this;
    const { fate, header, settings, scenario, number } = this.#options;
    world.tell(() => `life ${number} begins`);
    const stop = new AbortController();
    const force = new AbortController();
    this.#meet(fate, stop, force);
    this.#breakDisk(fate);
    const holds = new SimulatedHolds(world, scenario, fate === null);
    const clock = {
      now: () => world.wall(),
      monotonic: () => world.now - this.#bornAt,
      sleep: (ms: number, signal?: AbortSignal) => this.#sleep(ms, signal),
    };
    const onEvent = (event: PurgeEvent): void => {
      if (!this.#isOver) world.tell(() => `  event   ${describeEvent(event)}`);
    };
    const carriedOut = carryOut(
      { journal: this.#journal(), api: this.#api(), holds, clock, random: this.#chance.next, onEvent },
      {
        runId: header.runId,
        planned: header.planned,
        settings,
        signal: stop.signal,
        forceSignal: force.signal,
        life: { keyFingerprint: '01234567', toolVersion: '0.0.0', holdFiles: [] },
      },
    );
    void this.#noteEnd(carriedOut);
    const isOver = await world.run(() => this.#isOver, world.now + LONGEST_LIFE_MS);
    if (!isOver) story.thrown = new Error('hangs: nothing that is still to happen would end this life');
    this.#isOver = true;
    story.endedAt = world.now;
    world.tell(() => `life ${number} ${howItEnded(story)}`);
    return story;
  }

  /** What a process says that was killed before is not heard. */
  async #noteEnd(carriedOut: Promise<LifeEnd>): Promise<void> {
    const [settled] = await Promise.allSettled([carriedOut]);
    if (this.#isOver) return;
    if (settled.status === 'fulfilled') this.story.end = settled.value;
    else this.story.thrown = settled.reason;
    this.#isOver = true;
  }

  /** Counts an event; true when the process died of it. */
  #diesAt(what: Death): boolean {
    if (this.#isOver) return true;
    const { fate } = this.#options;
    this.#events += 1;
    if (fate?.killedAt?.what === what) this.#eventsOfThatSort += 1;
    const isItsTime = this.#eventsOfThatSort > 0 && this.#eventsOfThatSort === fate?.killedAt?.nth;
    if (this.#events !== fate?.killedAtEvent && !isItsTime) return false;
    this.#isOver = true;
    this.story.killedBy = what;
    return true;
  }

  #meet(fate: LifeFate | null, stop: AbortController, force: AbortController): void {
    if (fate === null) return;
    const world = this.#world;
    const at = (ms: number, happen: () => void): void => {
      world.after(ms, () => {
        if (!this.#isOver) happen();
      });
    };
    if (fate.signalAt !== null) {
      at(fate.signalAt, () => {
        this.story.signalledAt = { order: world.next(), at: world.now };
        world.tell(() => '  signal');
        stop.abort();
      });
    }
    if (fate.secondSignalAt !== null) at(fate.secondSignalAt, () => force.abort());
    for (const jump of fate.clockJumps) {
      at(jump.at, () => {
        world.setWallClock(jump.byMs);
      });
    }
  }

  #breakDisk(fate: LifeFate | null): void {
    const world = this.#world;
    let commits = 0;
    this.#run.useDisk(
      fate === null || fate.failingCommit === null
        ? null
        : {
            how: fate.failure,
            fails: () => {
              commits += 1;
              return commits === fate.failingCommit;
            },
            onFailed: () => {
              this.story.storageFailedAt ??= world.next();
              world.tell(() => '  disk    fails');
            },
          },
    );
  }

  #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const late = this.#chance.next() * this.#options.scenario.lateMs;
      const callOff = this.#world.after(ms + late + TICK_MS, () => {
        signal?.removeEventListener('abort', wake);
        if (!this.#diesAt('waking')) resolve();
      });
      const wake = (): void => {
        callOff();
        resolve();
      };
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  /** The real journal, between a process that can die and a disk that takes its time. */
  #journal(): RunJournal {
    const world = this.#world;
    const { diskMs } = this.#options.scenario;
    const real = new SqliteRunJournal(this.#run.db, (commit, lingerMs) => {
      world.after(lingerMs + this.#chance.next() * diskMs, () => {
        if (this.#diesAt('a commit')) return;
        commit();
        this.#diesAt('a commit that was done');
      });
    });
    const mortal =
      <A extends unknown[]>(name: Death, call: (...args: A) => Promise<void>) =>
      (...args: A): Promise<void> =>
        this.#diesAt(name) ? new Promise(() => {}) : call(...args);
    return {
      startLife: mortal('startLife', (start) => real.startLife(start)),
      endLife: mortal('endLife', (end) => real.endLife(end)),
      begin: mortal('begin', (row, attempt, at) => real.begin(row, attempt, at)),
      withdraw: mortal('withdraw', (row, attempt) => real.withdraw(row, attempt)),
      end: mortal('end', (row, attempt, verdict, at) => real.end(row, attempt, verdict, at)),
      finish: mortal('finish', (row, final, sent, notBefore) => real.finish(row, final, sent, notBefore)),
      flush: mortal('flush', () => real.flush()),
      pending: (afterRow, limit) => real.pending(afterRow, limit),
      pendingCount: () => real.pendingCount(),
      recentlySent: (now, rate) => real.recentlySent(now, rate),
      notBefore: () => real.notBefore(),
      retriesCharged: () => real.retriesCharged(),
    };
  }

  #api(): DeleteApi {
    const world = this.#world;
    const scrub = scrubberFor(SECRET);
    const { seed, connectMs } = this.#options.scenario;
    const connecting = chanceOf(seed, `connections of life ${this.story.number}`);
    return {
      send: (deletion, { timeoutMs, signal }, mayLeave) =>
        new Promise((resolve) => {
          const target = deletionPath(deletion);
          const deliver = (observation: Observation): void => {
            const now = world.wall();
            resolve({ verdict: classifyAnswer(observation, { scrub, now }), endedAt: now });
          };
          const leave = (): void => {
            if (!mayLeave()) deliver(NEVER_LEFT);
            else if (!this.#diesAt('a request')) {
              const request = {
                target,
                life: this.story.number,
                recorded: this.#run.recordedOf(deletion.id),
              };
              const canAnswer = (): boolean => !this.#diesAt('an answer');
              this.#server.receive(request, { timeoutMs, signal, canAnswer, deliver });
              this.#diesAt('a request that was sent');
            }
          };
          const isConnected = connectMs === 0 || !connecting.is(CONNECTING);
          if (isConnected) leave();
          else world.after(connecting.next() * connectMs, () => this.#isOver || leave());
        }),
      close: () => Promise.resolve(),
    };
  }
}

function howItEnded(story: LifeStory): string {
  if (story.killedBy !== null) return `is killed at ${story.killedBy}`;
  if (story.thrown !== null)
    return `fails: ${story.thrown instanceof Error ? story.thrown.message : 'something else was thrown'}`;
  return `ends: exit ${story.end?.exitCode ?? '?'} ${story.end?.stopReason ?? ''}`;
}

function describeEvent(event: PurgeEvent): string {
  return JSON.stringify(event, (key, value: unknown) => (key === 'settings' ? undefined : value));
}
