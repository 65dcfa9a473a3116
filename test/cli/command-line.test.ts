import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCommandLine } from '../../src/cli/command-line.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { kebabName, OPTION_NAMES, optionsOf, optionSpec } from '../../src/cli/options.ts';
import { EXIT_CODES, PurgeError } from '../../src/errors.ts';

/** The error of a command line that must be refused. */
async function refusal(...args: readonly string[]): Promise<PurgeError> {
  const thrown: unknown = await readCommandLine(args, 100).catch((error: unknown) => error);
  if (!(thrown instanceof PurgeError))
    throw new Error(`was not refused: ${args.join(' ')}`, { cause: thrown });
  expect(thrown.exitCode).toBe(EXIT_CODES.usage);
  expect(thrown.next).toBeTruthy();
  return thrown;
}

async function understood(...args: readonly string[]) {
  const line = await readCommandLine(args, 100);
  if (line.wants !== 'run') throw new Error('expected a command');
  return line;
}

async function helpOf(args: readonly string[], columns: number): Promise<string> {
  const line = await readCommandLine([...args, '--help'], columns);
  if (line.wants !== 'help') throw new Error('expected help');
  return line.text;
}

describe('what is understood', () => {
  test('words and values stay exactly as typed', async () => {
    const line = await understood('plan', '-', '1e3', "'x'", '--hold', 'a', '--hold=b', '--', '--json', '-5');
    expect(line.words).toEqual(['-', '1e3', "'x'", '--json', '-5']);
    expect(line.flags).toEqual(new Map([['hold', ['a', 'b']]]));
  });

  test('a word of any shape is kept', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 3 }),
        async (words) => {
          expect((await understood('plan', '--', ...words)).words).toEqual(words);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('what is refused', () => {
  test.each([
    ['a repeated single option', ['plan', 'a', '--max-deletions', '5', '--max-deletions', '500']],
    ['a repeated flag', ['plan', 'a', '--json', '--json']],
    ['a missing value', ['plan', 'a', '--max-deletions']],
    ['an empty value', ['plan', 'a', '--max-deletions=']],
    ['an option in place of a value', ['plan', 'a', '--max-deletions', '--json']],
    ['a negative number', ['plan', 'a', '--max-deletions', '-1']],
    ['a number in another notation', ['plan', 'a', '--max-deletions', '1e3']],
    ['a nested option', ['plan', 'a', '--hold.x=1']],
    ['a negated flag', ['apply', 'a', '--no-dry-run']],
    ['a flag with a value', ['apply', 'a', '--dry-run=false']],
    ['a flag followed by a boolean', ['apply', 'a', '--dry-run', 'false']],
    ['an abbreviation', ['plan', 'a', '--max-del', '5']],
    ['camel case', ['plan', 'a', '--maxDeletions', '5']],
    ['one dash', ['plan', 'a', '-json']],
    ['another case of hard', ['plan', 'a', '--mode', 'Hard']],
    ['an option of another command', ['resume', '--mode', 'hard']],
    ['a base URL with a path', ['plan', 'a', '--base-url', 'https://tavusapi.com/v2']],
    ['http to another host', ['plan', 'a', '--base-url', 'http://example.com']],
    ['a manifest forgotten', ['plan']],
    ['too many words', ['resume', 'a', 'b']],
    ['an unknown action', ['runs', 'delete']],
    ['a second run', ['runs', 'list', 'x']],
    ['a run to prune', ['runs', 'prune', 'x']],
    ['no ID to find', ['runs', 'find']],
    ['a text to find that is no ID', ['runs', 'find', 'no id']],
    ['a state that no run has', ['runs', '--state', 'done']],
    ['a day that is none', ['runs', '--since', '2026-02-30']],
    ['a name that no job has', ['runs', '--job', '../x']],
    ['no run to keep', ['runs', 'prune', '--keep-runs', '0']],
    ['a reason of two lines', ['resume', '--reason', 'one\ntwo']],
    ['an empty word', ['plan', '']],
    ['no command', []],
    ['an unknown command', ['delete', 'a']],
    ['a name of every object', ['constructor']],
    ['an option of every object', ['plan', 'a', '--constructor', 'x']],
    ['an action of a job that there is not', ['job', 'list', 'x.yaml']],
    ['a job without its file', ['job', 'run']],
  ])('%s', async (_what, args) => {
    expect(await refusal(...args)).toHaveProperty('next');
  });

  test('a mistyped command or option is answered with the right one', async () => {
    expect((await refusal('aply', 'x')).next).toContain('tavus-purge apply');
    expect((await refusal('apply', 'x', '--dry-rnu')).next).toContain('--dry-run');
  });

  test('what is wrong is answered with the help of its command', async () => {
    expect((await refusal('plan', 'a', '--rate', 'fast')).next).toBe('tavus-purge plan --help');
    expect((await refusal('apply', 'a', '--xyzzy')).next).toBe('tavus-purge apply --help');
    expect((await refusal('--xyzzy')).next).toBe('tavus-purge --help');
  });

  test('a mistyped option never reaches a command', async () => {
    const flags = OPTION_NAMES.map((name) => `--${kebabName(name)}`);
    const change = fc.record({
      flag: fc.constantFrom(...flags),
      at: fc.nat(),
      how: fc.constantFrom('drop', 'double', 'swap', 'capital'),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ flag, at, how }) => {
        const index = 2 + (at % (flag.length - 2));
        const letter = flag.charAt(index);
        const next = flag.charAt(index + 1);
        const changed = {
          drop: '',
          double: letter + letter,
          swap: next + letter,
          capital: letter.toUpperCase(),
        }[how];
        const rest = flag.slice(how === 'swap' ? index + 2 : index + 1);
        const mistyped = flag.slice(0, index) + changed + rest;
        fc.pre(!flags.includes(mistyped) && mistyped !== '--');
        expect((await refusal('apply', 'x', mistyped)).exitCode).toBe(2);
        expect((await refusal('apply', 'x', mistyped, '5')).exitCode).toBe(2);
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    '--api-key',
    '--key',
    '--apikey',
    '--tavus-api-key',
    '--x-api-key',
    '--token',
    '--apiKey',
    '-key',
  ])('a key given as %s is refused with advice and never repeated', async (option) => {
    for (const args of [[`${option}=canary-0123456789`], [option, 'canary-0123456789']]) {
      const error = await refusal('apply', 'x', ...args);
      expect(`${error.message} ${error.next} ${error.details.join(' ')}`).not.toContain('canary');
      expect(error.next).toContain('TAVUS_API_KEY');
    }
  });

  test('a value that looks like a key is not repeated, wherever it was put', async () => {
    const key = 'a1b2c3d4e5f6a7b8c9d0e1f2';
    for (const args of [
      ['plan', 'x', '--rate', key],
      [key],
      ['plan', 'x', `--${key}`],
      ['doctor', key],
      ['plan', 'x', '--base-url', `https://user:${key}@tavusapi.com`],
    ]) {
      const error = await refusal(...args);
      expect(`${error.message} ${error.next}`).not.toContain(key);
    }
  });
});

describe('help', () => {
  test.each(COMMANDS.map((command) => [command.name, command] as const))(
    '%s --help shows usage, every option in its group, examples and all exit codes',
    async (name, command) => {
      const text = await helpOf([name], 100);
      expect(text).toContain(`tavus-purge ${command.usage}\n`);
      for (const option of optionsOf(name)) {
        const { argument, choices, group } = optionSpec(option);
        expect(text).toContain(`\n  --${kebabName(option)}${argument === '' ? '' : ` ${argument}`}  `);
        expect(text).toContain(`\n${group}:\n`);
        for (const choice of choices ?? []) expect(text).toContain(choice);
      }
      for (const code of Object.values(EXIT_CODES)) expect(text).toMatch(new RegExp(`^ +${code}  \\S`, 'm'));
    },
  );

  test('the first help names every command and all exit codes', async () => {
    const text = await helpOf([], 100);
    for (const { name } of COMMANDS) expect(text).toContain(`tavus-purge ${name}`);
    for (const code of Object.values(EXIT_CODES)) expect(text).toMatch(new RegExp(`^ +${code}  \\S`, 'm'));
  });

  test.each([1, 60, 80, 100, 500])(
    'a terminal of %i columns gets lines of 60 to 100 columns, and examples that can be copied whole',
    async (columns) => {
      const width = Math.max(60, Math.min(100, columns));
      const examples = COMMANDS.flatMap((command) => command.examples.map(([example]) => example));
      const usages = COMMANDS.map(({ usage }) => `tavus-purge ${usage}`);
      for (const args of [[], ...COMMANDS.map(({ name }) => [name])]) {
        const lines = (await helpOf(args, columns)).split('\n');
        const tooLong = lines.filter((line) => line.length > width && !usages.includes(line));
        expect(tooLong.filter((line) => !examples.includes(line.trim()))).toEqual([]);
        expect(lines.filter((line) => line !== line.trimEnd())).toEqual([]);
      }
      for (const { name, examples } of COMMANDS) {
        const text = await helpOf([name], columns);
        for (const [example, meaning] of examples) {
          expect(text).toContain(`\n  ${example}`);
          expect(text.replaceAll(/\s+/g, ' ')).toContain(meaning);
        }
      }
    },
  );
});
