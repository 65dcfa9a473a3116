/**
 * As much of GitHub Actions as jobs/github-actions needs: each job in a new workspace, its `run:` blocks in order in a
 * shell, and the effect that each action has on files. An artifact forgets permissions; a cache keeps the newest entry.
 */
import { spawnSync } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const texts = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String));

const step = z
  .strictObject({
    name: z.string(),
    id: z.string().optional(),
    if: z.literal('always()').optional(),
    uses: z.string().optional(),
    with: texts.default({}),
    env: texts.default({}),
    run: z.string().optional(),
  })
  .refine(({ uses, run }) => (uses === undefined) !== (run === undefined));

const job = z.strictObject({
  needs: z.string().optional(),
  if: z.string().optional(),
  environment: z.string().optional(),
  'runs-on': z.string(),
  'timeout-minutes': z.int().max(360),
  permissions: texts,
  outputs: texts.default({}),
  steps: z.array(step),
});

const workflow = z.strictObject({
  name: z.string(),
  'run-name': z.string(),
  on: z.strictObject({
    workflow_dispatch: z.strictObject({
      inputs: z.record(
        z.string(),
        z.strictObject({
          description: z.string(),
          required: z.boolean(),
          type: z.literal('string'),
          default: z.string().optional(),
        }),
      ),
    }),
  }),
  permissions: texts,
  concurrency: z.strictObject({ group: z.string(), 'cancel-in-progress': z.boolean() }),
  env: texts,
  defaults: z.strictObject({ run: z.strictObject({ shell: z.literal('bash') }) }),
  jobs: z.record(z.string(), job),
});

export type Workflow = z.infer<typeof workflow>;
type Step = z.infer<typeof step>;

/** A workflow file; a key that this reader does not know throws. */
export function readWorkflow(text: string): Workflow {
  return workflow.parse(parse(text));
}

/** The text with each `${{ name }}` replaced. Throws for a name that has no value. */
export function fill(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\{\{ ([^}]+) \}\}/g, (_, name: string) => {
    const value = values.get(name);
    if (value === undefined) throw new Error(`no value for ${name}`);
    return value;
  });
}

/** What outlives a job: the repository with the lists, artifacts and the cache. */
export interface Hub {
  readonly folder: string;
  readonly lists: string;
  readonly tool: string;
  /** What every step finds in its environment. */
  readonly env: Readonly<Record<string, string>>;
}

export interface JobEnded {
  readonly isFine: boolean;
  readonly outputs: ReadonlyMap<string, string>;
  /** What the steps printed. */
  readonly log: string;
  readonly summary: string;
  readonly workspace: string;
  /** Exit codes of the steps that ran a shell, by name. */
  readonly codes: ReadonlyMap<string, number | null>;
}

/** Runs one job of the workflow on a new runner. */
export async function runJob(
  { env, jobs }: Workflow,
  name: string,
  { hub, values }: { readonly hub: Hub; readonly values: ReadonlyMap<string, string> },
): Promise<JobEnded> {
  const spec = jobs[name];
  if (spec === undefined) throw new Error(`no job ${name}`);
  // Each runner is new, and has the same path.
  const workspace = join(hub.folder, 'workspace');
  await rm(workspace, { recursive: true, force: true });
  await mkdir(workspace);
  const known = new Map([...values, ['github.workspace', workspace]]);
  const codes = new Map<string, number | null>();
  const summaryFile = join(workspace, '.summary');
  await writeFile(summaryFile, '');
  let log = '';
  let isFine = true;
  for (const one of spec.steps) {
    if (!isFine && one.if !== 'always()') continue;
    if (one.uses !== undefined) {
      isFine = (await act(one, { hub, workspace, values: known })) && isFine;
      continue;
    }
    const output = join(workspace, '.output');
    await writeFile(output, '');
    const own = Object.entries({ ...env, ...one.env }).map(([key, value]) => [key, fill(value, known)]);
    const ended = bash(one.run ?? '', workspace, {
      ...hub.env,
      GITHUB_OUTPUT: output,
      GITHUB_STEP_SUMMARY: summaryFile,
      ...Object.fromEntries(own),
    });
    codes.set(one.name, ended.status);
    log += ended.said;
    isFine = ended.status === 0 && isFine;
    for (const line of (await readFile(output, 'utf8')).trim().split('\n')) {
      const at = line.indexOf('=');
      if (at > 0) known.set(`steps.${one.id ?? ''}.outputs.${line.slice(0, at)}`, line.slice(at + 1));
    }
  }
  const outputs = isFine
    ? new Map(Object.entries(spec.outputs).map(([key, value]) => [key, fill(value, known)]))
    : new Map<string, string>();
  return { isFine, outputs, log, workspace, codes, summary: await readFile(summaryFile, 'utf8') };
}

function bash(
  script: string,
  cwd: string,
  env: Readonly<Record<string, string>>,
): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script],
    { cwd, env, encoding: 'utf8' },
  );
  return { status, said: `${stdout}${stderr}` };
}

interface Place {
  readonly hub: Hub;
  readonly workspace: string;
  readonly values: ReadonlyMap<string, string>;
}

/** The effect of an action on files; false when it would fail. */
async function act({ uses = '', with: given }: Step, { hub, workspace, values }: Place): Promise<boolean> {
  const inputs = new Map(Object.entries(given).map(([key, value]) => [key, fill(value, values)]));
  const path = inputs.get('path') ?? '';
  const cache = join(hub.folder, 'cache', path);
  const artifact = join(hub.folder, 'artifacts', inputs.get('name') ?? '');
  switch (uses.split('@')[0]) {
    case 'actions/checkout': {
      if (inputs.has('repository')) await symlink(hub.tool, join(workspace, path));
      else await cp(hub.lists, join(workspace, path), { recursive: true });
      return true;
    }
    case 'actions/setup-node':
      return true;
    case 'actions/cache/restore': {
      if (existsSync(cache)) await copyFile(cache, join(workspace, path));
      return true;
    }
    case 'actions/cache/save': {
      await mkdir(dirname(cache), { recursive: true });
      await copyFile(join(workspace, path), cache);
      return true;
    }
    case 'actions/upload-artifact': {
      const files = path
        .split('\n')
        .filter((file) => file !== '')
        .map((file) => join(workspace, file))
        .filter((file) => existsSync(file));
      await mkdir(artifact, { recursive: true });
      for (const file of files) {
        await copyFile(file, join(artifact, basename(file)));
        await chmod(join(artifact, basename(file)), 0o644);
      }
      return files.length > 0 || inputs.get('if-no-files-found') !== 'error';
    }
    case 'actions/download-artifact': {
      if (existsSync(artifact)) await cp(artifact, join(workspace, path), { recursive: true });
      return existsSync(artifact);
    }
    default:
      throw new Error(`not known to this test: ${uses}`);
  }
}
