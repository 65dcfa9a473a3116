import { describe, expect, test } from 'vitest';
import type { SandboxOptions } from '../../src/sandbox/options.ts';
import { newPurge, videoIds, type Purge } from '../e2e/purge-process.ts';
import { hasTerminal, onTerminal, type TerminalSession } from './tmux.ts';

const ESCAPE = '\u001b[';

interface Asked {
  readonly purge: Purge;
  readonly session: TerminalSession;
}

/** `apply` of a manifest on a terminal. */
async function applying(
  rows: readonly string[] | string,
  options: SandboxOptions = {},
  env: Record<string, string> = {},
): Promise<Asked> {
  const purge = await newPurge(options);
  const manifest = await purge.manifest(rows);
  const session = await onTerminal(['apply', manifest], {
    env: {
      TAVUS_API_KEY: purge.sandbox.apiKey,
      TAVUS_BASE_URL: purge.sandbox.url,
      TAVUS_PURGE_STATE_DIR: purge.stateDir,
      ...env,
    },
  });
  return { purge, session };
}

describe.skipIf(!hasTerminal())('on a terminal (needs tmux)', () => {
  test('apply shows the plan, asks for the phrase that names the amount, and shows its progress', async () => {
    const { purge, session } = await applying(videoIds(12), { latencyMs: [50, 50] });
    const question = await session.screenWith('Type "delete 12" to go on:');
    expect(question).toContain('12 videos, soft');
    expect((await purge.sandbox.state()).requests.total).toBe(0);
    await session.type('delete 12');
    await session.press('Enter');
    await session.screenWith(/\d+\/12/);
    expect(await session.screenWith('exit 0')).toMatch(/12.*deleted/);
    expect((await purge.sandbox.state()).requests.deletes).toBe(12);
  });

  test.each(['yes', 'delete 2', 'hard-delete 12', ''])(
    '%j is not the phrase: exit 4, and nothing is sent',
    async (answer) => {
      const { purge, session } = await applying(videoIds(12));
      await session.screenWith('Type "delete 12"');
      await session.type(answer);
      await session.press('Enter');
      const screen = await session.screenWith('exit 4');
      expect(screen).toContain('next: ');
      expect(screen).not.toContain('✔');
      expect((await purge.sandbox.state()).requests.total).toBe(0);
    },
  );

  test('something irrevocable has a phrase of its own', async () => {
    const { purge, session } = await applying('id,kind,mode\n8a4f94e736,video,hard\n8a4f94e737,video,soft\n');
    await session.screenWith('Type "hard-delete 2"');
    await session.type('hard-delete 2');
    await session.press('Enter');
    await session.screenWith('exit 0');
    expect((await purge.sandbox.state()).requests.deletes).toBe(2);
  });

  test.each(['C-c', 'C-d'] as const)('%s at the question ends it, and nothing is sent', async (key) => {
    const { purge, session } = await applying(videoIds(3));
    await session.screenWith('Type "delete 3"');
    await session.press(key);
    const screen = await session.screenWith('exit 5');
    expect(screen).toContain('nothing was sent');
    expect(screen).toMatch(/next: tavus-purge apply \d{8}-\d{6}-[0-9a-f]{6} --confirm [0-9a-f]{12}/);
    expect((await purge.sandbox.state()).requests.total).toBe(0);
  });

  test('Ctrl-C during the run ends it cleanly and names the command that goes on', async () => {
    const { session } = await applying(videoIds(40), { latencyMs: [20, 20] });
    await session.screenWith('Type "delete 40"');
    await session.type('delete 40');
    await session.press('Enter');
    await session.screenWith(/[1-9]\d*\/40/);
    await session.press('C-c');
    const end = await session.screenWith('exit 5');
    expect(end).toMatch(/next: tavus-purge resume \d{8}-\d{6}-[0-9a-f]{6}/);
  });

  test('the list of runs fits into 80 columns, target included', async () => {
    const { purge, session } = await applying(videoIds(3));
    await session.screenWith('Type "delete 3"');
    const listed = await onTerminal(['runs'], {
      env: { TAVUS_PURGE_STATE_DIR: purge.stateDir },
      columns: 80,
    });
    const rows = (await listed.screenWith('exit 0')).split('\n').filter((line) => line.trim() !== '');
    expect(rows).toHaveLength(3);
    expect(rows[0]).toMatch(/^run +state +planned +deleted +not fine +target$/);
    expect(rows[1]).toContain(purge.sandbox.url.replace('http://', ''));
  });

  test('there are colours, unless NO_COLOR is set', async () => {
    const coloured = await applying(videoIds(1));
    expect(await coloured.session.screenWith('Type "delete 1"')).toContain(ESCAPE);
    const plain = await applying(videoIds(1), {}, { NO_COLOR: '1' });
    expect(await plain.session.screenWith('Type "delete 1"')).not.toContain(`${ESCAPE}1m`);
  });
});
