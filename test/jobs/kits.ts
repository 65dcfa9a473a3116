/** The kits in jobs/, and what they need around them. */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readCommandLine } from '../../src/cli/command-line.ts';
import { readJobFile } from '../../src/job/read-job-file.ts';
import type { Job } from '../../src/job/job.ts';
import { parseBaseUrl } from '../../src/tavus/target.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

export const JOBS: string = join(import.meta.dirname, '../../jobs');

/** The job files that ship, by name. */
export const JOB_NAMES = ['nightly-soft-sweep', 'weekly-hard-purge', 'right-to-be-forgotten'] as const;
type JobName = (typeof JOB_NAMES)[number];

/** Where the kits look for job files and lists. */
export const WORK_FOLDER = '/srv/tavus-purge';

export function readKit(path: string): Promise<string> {
  return readFile(join(JOBS, path), 'utf8');
}

/** A shipped job file, as the program reads it. */
export function readJob(name: JobName): Promise<Job> {
  return readJobFile(join(JOBS, `${name}.yaml`), { parseBaseUrl });
}

/** A folder such as jobs/README.md describes: the job files as they ship, a hold file, folders for lists and metrics. */
export async function workFolder(): Promise<string> {
  const folder = await temporaryFolder();
  for (const name of ['sweep', 'expired', 'requests', 'metrics']) await mkdir(join(folder, name));
  for (const name of JOB_NAMES) await copyFile(join(JOBS, `${name}.yaml`), join(folder, `${name}.yaml`));
  await writeFile(join(folder, 'holds.csv'), 'id,reason\n');
  return folder;
}

/** What one command of a kit runs, judged by the program itself. Throws for a command line that it would refuse. */
export async function understand(words: readonly string[]): Promise<{
  readonly command: string;
  readonly words: readonly string[];
  readonly options: readonly string[];
}> {
  const line = await readCommandLine(words, 80);
  if (line.wants !== 'run') throw new Error(`asks for ${line.wants}: ${words.join(' ')}`);
  return { command: line.command.name, words: line.words, options: [...line.flags.keys()] };
}

/** The shipped job that a command of a kit runs. Throws unless it is `job run` of one of them in the work folder. */
export async function jobRunBy(words: readonly string[]): Promise<Job> {
  const understood = await understand(words);
  const [action, file = ''] = understood.words;
  const name = JOB_NAMES.find((known) => file === `${WORK_FOLDER}/${known}.yaml`);
  if (understood.command !== 'job' || action !== 'run' || name === undefined) {
    throw new Error(`runs no job that ships: ${words.join(' ')}`);
  }
  return readJob(name);
}
