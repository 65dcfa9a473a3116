/**
 * Hostile files given to the real program, with a real sandbox behind it: exit 2 with the place, no request, and not one
 * raw character of theirs in anything that the program prints or writes.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { runProgram } from '../cli/process.ts';
import { startSandboxProcess } from '../helpers/sandbox-process.ts';
import { HOSTILE_CONFIGS } from './config-files.ts';
import { HOSTILE_MANIFESTS, writeCases } from './corpus.ts';
import type { HostileCase } from './hostile-case.ts';
import { HOSTILE_HOLDS } from './hold-files.ts';
import { FORMULAS, INVISIBLE } from './hostile-words.ts';
import { rawCharacterIn, saysIt, titleOf, type Judged } from './judge.ts';

/** One file of each threat from the corpus; `each` of them when more are wanted. */
function representatives(each: number): readonly HostileCase[] {
  const byThreat = Map.groupBy(HOSTILE_MANIFESTS, ({ threat }) => threat);
  return [...byThreat.values()].flatMap((cases) =>
    Array.from(
      { length: Math.min(each, cases.length) },
      (_, index) => cases[Math.floor((cases.length * index) / each)],
    ).filter((hostile) => hostile !== undefined),
  );
}

/** Gives files to `apply`, a process for each: all threats, `each` times, or only the first `most` of them. */
export async function judgeProcesses(
  folder: string,
  options: { readonly each: number; readonly most: number },
): Promise<Judged> {
  await using sandbox = await startSandboxProcess({ acceptAnyId: true });
  const env = {
    TAVUS_API_KEY: sandbox.apiKey,
    TAVUS_BASE_URL: sandbox.url,
    TAVUS_PURGE_STATE_DIR: join(folder, 'state'),
  };
  const good = join(folder, 'good.csv');
  writeFileSync(good, 'id,kind\n8a4f94e736,video\n');
  const [hold, config] = [HOSTILE_HOLDS, HOSTILE_CONFIGS].map((cases) => cases.slice(0, options.each));
  const chosen = [
    ...spread(
      representatives(options.each).filter(({ options: given }) => given === undefined),
      options.most,
    ).map((hostile) => ({ hostile, argsFor: (path: string) => [path] })),
    ...(hold ?? []).map((hostile) => ({ hostile, argsFor: (path: string) => [good, '--hold', path] })),
    ...(config ?? []).map((hostile) => ({ hostile, argsFor: (path: string) => [good, '--config', path] })),
  ];
  mkdirSync(join(folder, 'files'));
  const written = writeCases(
    join(folder, 'files'),
    chosen.map(({ hostile }) => hostile),
  );
  const wrong: string[] = [];
  for (const [index, { hostile, path }] of written.entries()) {
    const args = [
      'apply',
      ...(chosen[index]?.argsFor(path) ?? []),
      '--confirm',
      '00000000',
      '--log-level',
      'debug',
    ];
    const { code, stdout, stderr } = await runProgram(args, env);
    const say = (problem: string): number => wrong.push(`${titleOf(hostile)}: ${problem}`);
    if (code !== 2) say(`exit ${String(code)}`);
    if (stdout !== '') say(`printed ${JSON.stringify(stdout)}`);
    const raw = rawCharacterIn(stderr);
    if (raw !== undefined) say(`a raw character on stderr: ${raw}`);
    const lines = stderr.split('\n').map((line) => line.replace(/^(?:tavus-purge:)? +/, ''));
    if (!lines.some((line) => saysIt(line, { hostile, path }))) say(`said ${stderr.slice(0, 300)}`);
    if (!/^next: \S/m.test(stderr)) say('no next step');
  }
  const { total } = (await sandbox.state()).requests;
  if (total !== 0) wrong.push(`${total} requests reached the API`);
  return { files: written.length, wrong };
}

/**
 * Carries out a purge whose manifest is full of formulas and invisible characters, with every bad row of the corpus
 * listed beside it, and looks at all that was printed and written.
 */
export async function judgeOutputs(folder: string): Promise<Judged> {
  await using sandbox = await startSandboxProcess({ acceptAnyId: true, script: { '*': ['422'] } });
  const env = {
    TAVUS_API_KEY: sandbox.apiKey,
    TAVUS_BASE_URL: sandbox.url,
    TAVUS_PURGE_STATE_DIR: join(folder, 'state'),
  };
  const words = [...FORMULAS, ...INVISIBLE];
  // The name is as hostile as the content: a folder or a glob may find it.
  const manifest = join(folder, 'words \u202e\u00ad\u001b[2J=1.json');
  writeFileSync(
    manifest,
    JSON.stringify(
      words.map((text, index) => ({
        id: (0xa0000000 + index).toString(16),
        kind: 'video',
        reason: text,
        ticket: text,
      })),
    ),
  );
  const bad = join(folder, 'bad.ndjson');
  const badRows = HOSTILE_MANIFESTS.filter(
    ({ file, content, at }) =>
      file === 'a.ndjson' &&
      typeof content === 'string' &&
      at !== '' &&
      /^\{"id":.*\}\n$/.test(content) &&
      !content.includes('"mode":"soft","mode"') &&
      content.length < 4000 &&
      !content.includes('} {') &&
      !content.includes('}{'),
  );
  writeFileSync(bad, badRows.map(({ content }) => String(content)).join(''));
  const common = ['--rate', '10000/s', '--log-level', 'debug', '--log-format', 'text'];
  const planned = await runProgram(
    ['plan', manifest, bad, '--skip-invalid', '--quiet', ...common.slice(0, 2), '--json'],
    env,
  );
  const { runId = '', planId = '' } = JSON.parse(planned.stdout) as { runId?: string; planId?: string };
  const applied = await runProgram(['apply', runId, '--confirm', planId, ...common], env);
  const shown = await runProgram(['plan', manifest, '--again'], env);
  const wrong: string[] = [];
  if (applied.code !== 3) wrong.push(`apply: exit ${String(applied.code)} ${applied.stderr.slice(-500)}`);
  const say = (where: string, text: string): void => {
    const raw = rawCharacterIn(text);
    if (raw !== undefined) wrong.push(`${where}: a raw character, ${raw}`);
  };
  for (const { stdout, stderr } of [planned, applied, shown]) {
    say('stdout', stdout);
    say('stderr', stderr);
  }
  const run = join(folder, 'state', 'runs', runId);
  const files = readdirSync(run).filter((name) => name !== 'run.db');
  for (const name of files) {
    const text = readFileSync(join(run, name), 'utf8');
    say(name, text);
    if (name.endsWith('.csv'))
      wrong.push(...formulasIn(text).map((cell) => `${name}: the cell ${JSON.stringify(cell)}`));
  }
  const results = readFileSync(join(run, 'results.ndjson'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { reason: string });
  const reasons = results.slice(0, words.length).map(({ reason }) => reason);
  if (JSON.stringify(reasons) !== JSON.stringify(words))
    wrong.push('results.ndjson does not hold the texts as they were');
  if (results.length !== words.length + badRows.length)
    wrong.push(`${results.length} results for ${words.length} rows and ${badRows.length} bad ones`);
  return { files: words.length + badRows.length, wrong };
}

/** Cells that a spreadsheet would run, whichever way it splits a line: at semicolons it takes our quotes for characters. */
function formulasIn(csv: string): string[] {
  const rows: string[][] = [
    ...parse(csv),
    ...parse(csv, { delimiter: ';', relax_quotes: true, relax_column_count: true }),
  ];
  return rows.flat().filter((cell) => /^[=+\-@\t\r＝＋－＠]/.test(cell.trimStart()));
}

function spread<T>(values: readonly T[], most: number): readonly T[] {
  if (values.length <= most) return values;
  return Array.from(
    { length: most },
    (_, index) => values[Math.floor((values.length * index) / most)],
  ).filter((value) => value !== undefined);
}
