/**
 * There is no Docker here: the instructions are carried out in plain folders. The packages are those of this checkout;
 * with TAVUS_PURGE_TEST_NPM=1 `npm ci` really fetches them, as in the image.
 */
import { spawnSync } from 'node:child_process';
import { readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { build, isInContext, readCopy, readStages, type Stage } from './image-build.ts';
import { JOBS, readKit } from './kits.ts';

const CONTEXT = join(JOBS, '..');
const isNpmReal = process.env['TAVUS_PURGE_TEST_NPM'] === '1';

async function stagesOf(): Promise<readonly Stage[]> {
  return readStages(await readKit('Dockerfile'));
}

function textsOf(stage: Stage | undefined, name: string): readonly string[] {
  return stage?.instructions.filter((one) => one.name === name).map(({ text }) => text) ?? [];
}

/** The environment with its proxies and certificates, but without what npx told its child. */
function withoutNpx(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value === undefined || /^npm_(?:config_|package_|lifecycle_)|^NODE_ENV$/.test(name)
        ? []
        : [[name, value]],
    ),
  );
}

/** An instruction in exec form: the words, without a shell. */
function execForm(text: string | undefined): readonly string[] {
  const words: unknown = JSON.parse(text ?? '');
  if (!Array.isArray(words)) throw new Error(`not in exec form: ${text ?? ''}`);
  return words.map(String);
}

describe('jobs/Dockerfile', () => {
  test('builds in two stages with Node 24, and ends in an image without a shell, as a user without rights', async () => {
    const stages = await stagesOf();
    expect(stages.map(({ name, image }) => [name, image])).toEqual([
      ['build', 'node:24-bookworm-slim'],
      ['packages', 'node:24-bookworm-slim'],
      ['', 'gcr.io/distroless/nodejs24-debian12:nonroot'],
    ]);
    const last = stages.at(-1);
    expect(textsOf(last, 'USER')).toEqual(['65532:65532']);
    // Without a shell nothing can be run there.
    expect(textsOf(last, 'RUN')).toEqual([]);
    expect(execForm(textsOf(last, 'ENTRYPOINT')[0])).toEqual(['/nodejs/bin/node', '/app/bin/tavus-purge.js']);
    expect(execForm(textsOf(last, 'CMD')[0])).toEqual(['--help']);
  });

  test('installs what the lock file names, and runs no script of a package', async () => {
    const installs = (await stagesOf())
      .flatMap((stage) => textsOf(stage, 'RUN'))
      .filter((text) => text.includes('npm ci'));
    expect(installs).toEqual([
      'npm ci --ignore-scripts',
      'npm ci --omit=dev --omit=optional --ignore-scripts',
    ]);
  });

  test('takes from a checkout only what .dockerignore lets through, and .dockerignore lets through only that', async () => {
    const dockerignore = await readFile(join(CONTEXT, '.dockerignore'), 'utf8');
    const copied = (await stagesOf())
      .flatMap((stage) => textsOf(stage, 'COPY'))
      .map(readCopy)
      .flatMap(({ from, sources }) => (from === undefined ? sources : []));
    expect(copied.filter((source) => !isInContext(dockerignore, source))).toEqual([]);
    const tops = new Set(copied.map((source) => source.split('/')[0]));
    const allowed = dockerignore.split('\n').flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
    expect(new Set(allowed)).toEqual(tops);
    for (const secret of ['.env', 'api-key', 'old-videos.csv', 'node_modules', '.git']) {
      expect(isInContext(dockerignore, secret)).toBe(false);
    }
  });

  test('holds no secret, and asks for none while it builds', async () => {
    expect(await readKit('Dockerfile')).not.toMatch(/\bARG\b|--mount|api[-_]?key|token|TAVUS_/i);
  });

  test(
    'builds a program that starts without the sources and without development packages',
    { timeout: isNpmReal ? 600_000 : 60_000 },
    async () => {
      const folder = await temporaryFolder();
      const path = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`;
      const env = { ...withoutNpx(process.env), PATH: path };
      const stages = await stagesOf();
      const root = await build(stages, {
        context: CONTEXT,
        dockerignore: await readFile(join(CONTEXT, '.dockerignore'), 'utf8'),
        folder,
        env,
        async run(command, workFolder) {
          if (isNpmReal || !command.startsWith('npm ci ')) return false;
          await symlink(join(CONTEXT, 'node_modules'), join(workFolder, 'node_modules'));
          return true;
        },
      });
      const last = stages.at(-1);
      const [, program = ''] = execForm(textsOf(last, 'ENTRYPOINT')[0]);
      const [, ...argv] = [process.execPath, join(root, program)];
      const start = (...args: readonly string[]) =>
        spawnSync(process.execPath, [...argv, ...args], { env: {}, cwd: root, encoding: 'utf8' });
      const { version } = JSON.parse(await readFile(join(CONTEXT, 'package.json'), 'utf8')) as {
        version: string;
      };
      expect(start('--version').stdout).toBe(`tavus-purge ${version}\n`);
      const helped = start(...execForm(textsOf(last, 'CMD')[0]));
      expect({ status: helped.status, stderr: helped.stderr }).toEqual({ status: 0, stderr: '' });
      expect(helped.stdout).toContain('tavus-purge <command>');
    },
  );
});
