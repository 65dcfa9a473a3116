import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { kebabName, optionsOf, optionSpec } from '../../src/cli/options.ts';
import { readAgain } from '../../src/cli/second-reading.ts';
import { EXIT_CODES, PurgeError } from '../../src/errors.ts';

test.each([
  ['an unknown option', ['plan', 'a', '--xyzzy', '1']],
  ['an option of another command', ['resume', '--mode', 'hard']],
  ['a value that is no choice', ['plan', 'a', '--mode', 'Hard']],
  ['a missing value', ['plan', 'a', '--max-deletions']],
  ['a negated flag', ['apply', 'a', '--no-dry-run']],
])('%s would not get through the second reading alone', async (_what, args) => {
  const thrown: unknown = await readAgain(args).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(PurgeError);
  expect(thrown).toMatchObject({ exitCode: EXIT_CODES.usage });
});

test('every option of every command gets through with a value it may have', async () => {
  for (const { name } of COMMANDS.filter((command) => command.name !== 'completion')) {
    const options = optionsOf(name).flatMap((option) => {
      const { shape, choices, fallback } = optionSpec(option);
      return shape === 'flag'
        ? [`--${kebabName(option)}`]
        : [`--${kebabName(option)}`, choices?.[0] ?? fallback ?? '1'];
    });
    await expect(readAgain([name, ...options])).resolves.toBeUndefined();
  }
});

test('words of any shape get through', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ minLength: 1 })), async (words) => {
      await expect(readAgain(['plan', '--', ...words])).resolves.toBeUndefined();
    }),
    { numRuns: 30 },
  );
});
