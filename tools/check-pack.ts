/** Packs the package, installs it somewhere else and runs it there: the published files are whole, and no others. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ALLOWED =
  /^(?:bin\/tavus-purge\.js|dist\/.+\.(?:js|d\.ts)|schemas\/.+\.json|package\.json|README\.md|CHANGELOG\.md|LICENSE)$/;

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

const folder = mkdtempSync(join(tmpdir(), 'tavus-purge-pack-'));
try {
  const [packed] = JSON.parse(
    npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder]),
  ) as Packed[];
  if (packed === undefined) throw new Error('npm packed nothing');
  const strangers = packed.files.map(({ path }) => path).filter((path) => !ALLOWED.test(path));
  if (strangers.length > 0) throw new Error(`the package holds what it should not: ${strangers.join(', ')}`);

  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }');
  npm(['install', '--no-save', '--prefer-offline', join(folder, packed.filename)], folder);
  const installed = join(folder, 'node_modules', 'tavus-purge');
  const version = execFileSync(process.execPath, [join(installed, 'bin', 'tavus-purge.js'), '--version'], {
    encoding: 'utf8',
  }).trim();
  const names = execFileSync(
    process.execPath,
    ['--input-type=module', '-e', "console.log(Object.keys(await import('tavus-purge')).sort().join(' '))"],
    { cwd: folder, encoding: 'utf8' },
  ).trim();
  console.log(
    `packed ${packed.files.length} files; installed, it is version ${version} and exports ${names}`,
  );
  if (readdirSync(installed).includes('src')) throw new Error('the package holds its sources');
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function npm(args: readonly string[], cwd = process.cwd()): string {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}
