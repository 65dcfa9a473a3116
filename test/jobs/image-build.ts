/** Reads a Dockerfile, and carries it out in plain folders: what can be tried of an image where there is no Docker. */
import { spawnSync } from 'node:child_process';
import { cp, mkdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Instruction {
  readonly name: string;
  readonly text: string;
}

export interface Stage {
  readonly name: string;
  readonly image: string;
  readonly instructions: readonly Instruction[];
}

/** The stages of a Dockerfile. Throws for a line that is no instruction. */
export function readStages(dockerfile: string): readonly Stage[] {
  const lines = dockerfile
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
  const stages: { name: string; image: string; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const [, name = '', text = ''] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
    if (name === '') throw new Error(`not an instruction: ${line}`);
    if (name === 'FROM') {
      const [image = '', as, alias] = text.split(' ');
      stages.push({ image, name: as === 'AS' ? (alias ?? '') : '', instructions: [] });
    } else stages.at(-1)?.instructions.push({ name, text });
  }
  return stages;
}

/** `COPY`, taken apart: what is copied where, and from which stage. */
export function readCopy(text: string): {
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
} {
  const words = text.split(' ');
  const from = words[0]?.startsWith('--from=') === true ? words.shift()?.slice('--from='.length) : undefined;
  return { from, sources: words.slice(0, -1), target: words.at(-1) ?? '' };
}

/** Whether a path of the top folder reaches the build: the last line of .dockerignore that matches decides. */
export function isInContext(dockerignore: string, path: string): boolean {
  const [top = ''] = path.split('/');
  let isIn = true;
  for (const line of dockerignore.split('\n')) {
    if (line === '*') isIn = false;
    else if (line === `!${top}`) isIn = true;
    else if (line !== '' && !line.startsWith('#') && !/^!\.?[\w.-]+$/.test(line)) {
      throw new Error(`not understood by this test: ${line}`);
    }
  }
  return isIn;
}

export interface BuildOptions {
  readonly context: string;
  readonly dockerignore: string;
  /** Where the stages come to lie, each in a folder of its own. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Carries out a RUN; true when it did, else a shell does. */
  readonly run: (command: string, workFolder: string) => Promise<boolean>;
}

/** Builds all stages and answers with the root folder of the last one. Throws when a step fails. */
export async function build(stages: readonly Stage[], options: BuildOptions): Promise<string> {
  const roots = new Map<string, string>();
  let root = '';
  for (const [index, stage] of stages.entries()) {
    root = join(options.folder, String(index));
    roots.set(stage.name, root);
    let at = root;
    for (const { name, text } of stage.instructions) {
      if (name === 'WORKDIR') at = join(root, text);
      await mkdir(at, { recursive: true });
      if (name === 'COPY') await copy(text, at, { roots, options });
      if (name === 'RUN' && !(await options.run(text, at))) shell(text, at, options.env);
    }
  }
  return root;
}

async function copy(
  text: string,
  at: string,
  { roots, options }: { readonly roots: ReadonlyMap<string, string>; readonly options: BuildOptions },
): Promise<void> {
  const { from, sources, target } = readCopy(text);
  for (const source of sources) {
    const origin = from === undefined ? join(options.context, source) : join(roots.get(from) ?? '', source);
    if (from === undefined && !isInContext(options.dockerignore, source))
      throw new Error(`ignored: ${source}`);
    if (!existsSync(origin)) throw new Error(`not there: ${source}`);
    const isFolder = target.endsWith('/');
    const place = isFolder ? join(at, target, source.split('/').at(-1) ?? '') : join(at, target);
    await mkdir(dirname(place), { recursive: true });
    await cp(origin, place, { recursive: true, verbatimSymlinks: true });
  }
}

function shell(command: string, cwd: string, env: Readonly<Record<string, string>>): void {
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', command], { cwd, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ended with ${String(status)}:\n${stdout}${stderr}`);
}
