import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mutant } from './mutants.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Hunt {
  readonly mutant: Mutant;
  /** `null`: it survived. */
  readonly caught: { readonly seed: number; readonly violation: string } | null;
}

/** Plants one bug into a copy of the sources and lets the simulator look for it, in at most so many seeds. */
export async function hunt(mutant: Mutant, mostSeeds: number): Promise<Hunt> {
  const folder = await mkdtemp(join(tmpdir(), 'tavus-purge-mutant-'));
  try {
    await copyTree(folder);
    await plant(mutant, mutant.name, folder);
    if (mutant.also !== undefined) await plant(mutant.also, mutant.name, folder);
    const known = String(mutant.caughtBy);
    const output = await run(['test/sim/hunt-mutant.ts', String(mostSeeds), known], folder);
    return { mutant, caught: output === '' ? null : (JSON.parse(output) as Hunt['caught']) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function copyTree(folder: string): Promise<void> {
  await Promise.all(
    ['src', 'test/sim', 'package.json'].map((path) =>
      cp(join(ROOT, path), join(folder, path), { recursive: true }),
    ),
  );
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
}

async function plant(
  { file, from, to }: Pick<Mutant, 'file' | 'from' | 'to'>,
  name: string,
  folder: string,
): Promise<void> {
  const path = join(folder, 'src', file);
  const parts = (await readFile(path, 'utf8')).split(from);
  if (parts.length !== 2) throw new Error(`"${name}": its text occurs ${parts.length - 1} times in ${file}`);
  await writeFile(path, parts.join(to));
}

function run(args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(output.trim());
      else reject(new Error(`the hunt ended with ${String(code)}`));
    });
  });
}
