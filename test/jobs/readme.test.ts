/** jobs/README.md: what it names is there, what it tells people to type works. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EXIT_CODES } from '../../src/errors.ts';
import { runProgram } from '../cli/process.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { JOB_NAMES, JOBS, readKit, understand, WORK_FOLDER } from './kits.ts';

const TOP = join(JOBS, '..');

/** All commands of the page, one a line, as they are typed. */
async function commandsOf(): Promise<readonly string[]> {
  const blocks = [...(await readKit('README.md')).matchAll(/```sh\n([^]*?)```/g)];
  return blocks.flatMap(([, block = '']) => block.trim().split('\n'));
}

/** The words of a command, without the quotes around them and without a comment. */
function wordsOf(command: string): readonly string[] {
  const words = command.replace(/\s+#.*$/, '').match(/'[^']*'|"[^"]*"|\S+/g) ?? [];
  return words.map((word) => word.replaceAll(/^['"]|['"]$/g, ''));
}

/** What stands after the name of our program in a command; `undefined` when it is not run. */
function argumentsIn(words: readonly string[]): readonly string[] | undefined {
  const isEnv = words.includes('env');
  const at = words.findIndex((word, index) => /^(?:tavus-purge|purge)$/.test(word) && (index === 0 || isEnv));
  // An account or a namespace of that name stands behind an option.
  const behind = words.lastIndexOf('tavus-purge');
  const found = isEnv ? behind : at;
  return found === -1 ? undefined : words.slice(found + 1);
}

describe('jobs/README.md', () => {
  test('links to every kit, and every link leads somewhere', async () => {
    const text = await readKit('README.md');
    const links = [...text.matchAll(/\]\(([^)#]+)\)/g)].map(([, link = '']) => link);
    expect(links.filter((link) => !existsSync(join(JOBS, link)))).toEqual([]);
    const kits = readdirSync(JOBS, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== 'README.md')
      .map(({ parentPath, name }) => join(parentPath, name));
    const linked = links.map((link) => join(JOBS, link));
    const covers = (kit: string): boolean =>
      linked.some((link) => link === kit || (link.endsWith('/') && kit.startsWith(link)));
    expect(kits.filter((kit) => !covers(kit))).toEqual([]);
  });

  test('tells people to type only command lines that the program understands', async () => {
    const commands = (await commandsOf()).filter((command) => !command.startsWith('purge()'));
    const ours = commands.map(wordsOf).flatMap((words) => {
      const args = argumentsIn(words);
      return args === undefined || args[0] === '--version' ? [] : [args];
    });
    const understood = await Promise.all(ours.map(understand));
    expect(understood.map(({ command, words }) => [command, words[0] ?? ''].join(' ').trim())).toEqual([
      'job check',
      'job plan',
      'doctor',
      'job run',
      'runs',
      'job plan',
    ]);
  });

  test('sets up a machine on which each job that ships finds all that it needs', async () => {
    const root = await temporaryFolder();
    const places = ['/var/lib/tavus-purge', '/etc/tavus-purge', WORK_FOLDER];
    for (const place of places) await mkdir(join(root, dirname(place)), { recursive: true });
    const commands = (await commandsOf()).filter((command) => /(?:^|\| )sudo install -[dm] /.test(command));
    const script = commands
      .join('\n')
      .replaceAll(/sudo |-[og] [\w-]+ /g, '')
      .replaceAll(/\/(?:var\/lib|etc|srv)\/tavus-purge/g, (place) => join(root, place));
    const made = spawnSync('/bin/sh', ['-ec', script], {
      cwd: TOP,
      env: { ...process.env, KEY: 'sandbox-key-0001' },
      encoding: 'utf8',
    });
    expect({ status: made.status, stderr: made.stderr }).toEqual({ status: 0, stderr: '' });
    await writeFile(join(root, 'srv/tavus-purge/sweep/new.csv'), 'id,kind,reason\n1ee1c95345,video,old\n');
    const env = {
      TAVUS_PURGE_API_KEY_FILE: join(root, 'etc/tavus-purge/api-key'),
      TAVUS_PURGE_STATE_DIR: join(root, 'var/lib/tavus-purge'),
    };
    for (const name of JOB_NAMES) {
      const { code, stderr } = await runProgram(
        ['job', 'check', join(root, WORK_FOLDER, `${name}.yaml`)],
        env,
      );
      expect({ name, code, stderr }).toEqual({ name, code: 0, stderr: '' });
    }
  });

  test('says of every exit code that a job may have what it means', async () => {
    const rows = [...(await readKit('README.md')).matchAll(/^\| (\d+) +\| (?!\*)/gm)].map(([, code]) =>
      Number(code),
    );
    const codes = Object.values(EXIT_CODES).filter((code) => code !== 10);
    expect(rows).toEqual(codes.toSorted((one, other) => one - other));
  });

  test('names the paths that the kits use', async () => {
    const text = await readKit('README.md');
    const kits = ['crontab', 'systemd/tavus-purge@.service', 'kubernetes/cronjob.yaml'];
    const used = (await Promise.all(kits.map(readKit)))
      .join('\n')
      .matchAll(/\/(?:srv|etc|var\/lib|run\/secrets|usr\/local\/bin)\/tavus-purge(?:\/[a-z]+(?:-[a-z]+)*)?/g);
    const jobs = JOB_NAMES.map((name) => `${WORK_FOLDER}/${name}`);
    const paths = [...used].map(([path]) => path).filter((path) => !jobs.includes(path));
    const missing = paths.filter((path) => !text.includes(path));
    expect(missing).toEqual([]);
  });

  test('is linked from the README', async () => {
    expect(await readFile(join(TOP, 'README.md'), 'utf8')).toContain('(jobs/README.md)');
  });
});
