/** Says what is wrong with how a hostile file was met. Shares no code with the program's own escaping. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfigFile } from '../../src/cli/config-file.ts';
import { PurgeError } from '../../src/errors.ts';
import { planPurge } from '../../src/index.ts';
import { HOSTILE_CONFIGS } from './config-files.ts';
import { HOSTILE_MANIFESTS, writeCases, type WrittenCase } from './corpus.ts';
import type { HostileCase } from './hostile-case.ts';
import { HOSTILE_HOLDS } from './hold-files.ts';
import { HOSTILE_VALUES } from './hostile-ids.ts';

/** What changes a terminal, a log line or the reading order. */
const RAW =
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  /[\0-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Cs}|[\u{e0000}-\u{e007f}]/u;
/** A refusal is something to read, however large the file is. */
const MOST_CHARACTERS = 12_000;
/** Far more than any of them needs on a busy machine, and far less than a hang. */
const MOST_MS = 20_000;

/** What is wrong with how the program meets the corpus, one line each, and how many files were tried. */
export interface Judged {
  readonly files: number;
  readonly wrong: readonly string[];
}

/**
 * Tries the corpus in this process: manifests, hold files, config files. `folder` must be empty. With `oneFormat` a wrong
 * value is tried in one format only, by turns, instead of in all three.
 */
export async function judgeCorpus(folder: string, options: { readonly oneFormat: boolean }): Promise<Judged> {
  const values = HOSTILE_VALUES.filter((_, index) => !options.oneFormat || index % 3 === 0);
  const others = HOSTILE_MANIFESTS.filter((hostile) => !HOSTILE_VALUES.includes(hostile));
  const stateDir = join(folder, 'state');
  const good = join(folder, 'good.csv');
  writeFileSync(good, 'id,kind\n8a4f94e736,video\n');
  const written = (name: string, cases: readonly HostileCase[]): readonly WrittenCase[] => {
    mkdirSync(join(folder, name));
    return writeCases(join(folder, name), cases);
  };
  const wrong: string[] = [];
  let files = 0;
  const judgeAll = async (
    cases: readonly WrittenCase[],
    read: (written: WrittenCase) => Promise<unknown>,
  ): Promise<void> => {
    for (const one of cases) {
      files += 1;
      for (const problem of await judge(one, read(one))) wrong.push(`${titleOf(one.hostile)}: ${problem}`);
    }
  };
  await judgeAll(written('manifests', [...values, ...others]), ({ path, hostile }) =>
    planPurge({ manifests: [path], stateDir, ...hostile.options }),
  );
  await judgeAll(written('holds', HOSTILE_HOLDS), ({ path }) =>
    planPurge({ manifests: [good], holds: [path], stateDir }),
  );
  await judgeAll(written('configs', HOSTILE_CONFIGS), ({ path }) => readConfigFile(path));
  return { files, wrong };
}

/** The name of a case in the corpus. */
export function titleOf({ threat, file, name }: HostileCase): string {
  return `${threat}, ${file}: ${name}`;
}

/** The first character of a text that could do something, with what stands before it; line feeds of our own are fine. */
export function rawCharacterIn(text: string): string | undefined {
  const found = RAW.exec(text.replaceAll('\n', ' '));
  if (found === null) return undefined;
  const before = text.slice(Math.max(0, found.index - 40), found.index);
  return `U+${(found[0].codePointAt(0) ?? 0).toString(16)} after ${JSON.stringify(before)}`;
}

async function judge(written: WrittenCase, reading: Promise<unknown>): Promise<string[]> {
  const startedAt = performance.now();
  const thrown = await reading.then(
    () => 'it was accepted',
    (error: unknown) => error,
  );
  const ms = performance.now() - startedAt;
  const slow = ms > MOST_MS ? [`took ${Math.round(ms)} ms`] : [];
  if (thrown instanceof PurgeError) return [...slow, ...problemsOf(thrown, written)];
  return [...slow, thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)];
}

function problemsOf(error: PurgeError, written: WrittenCase): string[] {
  const lines = [error.message, ...error.details, error.next ?? ''];
  const problems: string[] = [];
  if (error.exitCode !== 2) problems.push(`exit code ${error.exitCode}`);
  if ((error.next ?? '').trim() === '') problems.push('no next step');
  const raw = lines.map(rawCharacterIn).find((found) => found !== undefined);
  if (raw !== undefined) problems.push(`a raw character: ${raw}`);
  const { length } = lines.join('');
  if (length > MOST_CHARACTERS) problems.push(`the refusal has ${length} characters`);
  if (!lines.some((line) => saysIt(line, written))) {
    const { at, says } = written.hostile;
    problems.push(`expected ${at} ${String(says)}, found ${JSON.stringify(lines.slice(0, 3))}`);
  }
  return problems;
}

/** Whether a line names the place and the problem that the case expects. */
export function saysIt(line: string, { path, hostile }: WrittenCase): boolean {
  const { at, says, file } = hostile;
  // The command line says it in a sentence of its own; manifests and hold files begin with the place.
  if (file.endsWith('.yaml')) {
    const place = at === '' ? '' : `${path}:${at} `;
    return line.includes(place) && says.test(line.slice(line.indexOf(place) + place.length));
  }
  const place = at === '' ? `${path}: ` : `${path}:${at}: `;
  return line.startsWith(place) && says.test(line.slice(place.length));
}
