import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { SANDBOX_API_KEY } from '../../src/sandbox/options.ts';
import { startSandbox } from '../../src/sandbox/start-sandbox.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { runProgram } from './process.ts';

/** Makes Node say at the end which packages it has loaded. */
const TELL = `import { registerHooks } from 'node:module';
const packages = new Set();
registerHooks({
  load(url, context, next) {
    const [, name] = /.*\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//.exec(url) ?? [];
    if (name !== undefined) packages.add(name);
    return next(url, context);
  },
});
process.on('exit', () => process._rawDebug('loaded:' + [...packages].sort().join(',')));`;

async function packagesOf(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const ended = await runProgram(args, {
    ...env,
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(TELL)}`,
  });
  return { code: ended.code, packages: /^loaded:(.*)$/m.exec(ended.stderr)?.[1]?.split(',') };
}

test('help, a version and a mistake load no package', async () => {
  const nothing = [''];
  expect(await packagesOf(['--help'])).toEqual({ code: 0, packages: nothing });
  expect(await packagesOf(['apply', '--help'])).toEqual({ code: 0, packages: nothing });
  expect(await packagesOf(['--version'])).toEqual({ code: 0, packages: nothing });
  expect(await packagesOf(['plan', 'a', '--xyzzy'])).toEqual({ code: 2, packages: nothing });
});

test('doctor loads no package, also when it asks the target', async () => {
  const state = path.join(await temporaryFolder(), 'state');
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  const env = { TAVUS_API_KEY: SANDBOX_API_KEY, TAVUS_BASE_URL: sandbox.url };
  expect(await packagesOf(['doctor', '--state-dir', state], env)).toEqual({ code: 0, packages: [''] });
});

test('what plans or deletes is read a second time, by yargs', async () => {
  const { packages } = await packagesOf(['plan', 'no-such-file.csv']);
  expect(packages).toContain('yargs');
});
