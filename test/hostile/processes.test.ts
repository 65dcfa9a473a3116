import { expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { BOMBS, defuse } from './bombs.ts';
import { judgeOutputs, judgeProcesses } from './processes.ts';

test('the real program refuses hostile files with exit 2, prints nothing raw and sends nothing', async () => {
  const { files, wrong } = await judgeProcesses(await temporaryFolder(), { each: 1, most: 3 });
  expect(wrong).toEqual([]);
  expect(files).toBe(5);
});

test('formulas and invisible characters are harmless in all that a purge prints and writes', async () => {
  const { files, wrong } = await judgeOutputs(await temporaryFolder());
  expect(wrong).toEqual([]);
  expect(files).toBeGreaterThan(200);
});

test.each(BOMBS.filter(({ times: [short] }) => short > 1))(
  '$name is refused in bounded time and memory',
  async (bomb) => {
    const { problems, bytes } = await defuse(bomb, await temporaryFolder(), 'short');
    expect(problems).toEqual([]);
    expect(bytes).toBeGreaterThan(500_000);
  },
);
