import { access, constants, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PurgeError } from '../errors.ts';
import { printable } from '../printable.ts';
import { refuseSymlink, replaceFile } from '../safe-files.ts';
import { refusal, storageErrorFrom, systemCodeOf } from '../storage-error.ts';
import { escapeLabel, JOB_LABEL } from './metrics-text.ts';

/**
 * Not 0600 as all other files: node_exporter runs as another user, and the file holds numbers and the job's name only.
 */
const FOR_EVERYBODY_TO_READ = 0o644;

/** The textfile collector reads no other files, and does not say so. */
const SUFFIX = '.prom';

/**
 * Writes the metrics of a job, so that a reader always finds the complete old or the complete new ones, readable for
 * every user. Throws a `usage` PurgeError for a name without `.prom`, `refused` for a link and for the file of another job, else
 * a `storage` PurgeError.
 */
export async function writeMetrics(
  path: string,
  { job, text }: { readonly job: string; readonly text: string },
): Promise<void> {
  await refuseForeignFile(path, job);
  await replaceFile(path, (append) => append(text), { mode: FOR_EVERYBODY_TO_READ });
}

/** Throws what `writeMetrics` would throw as far as can be told without writing; also when the folder is not there. */
export async function checkMetricsFile(path: string, job: string): Promise<void> {
  await refuseForeignFile(path, job);
  const folder = dirname(path);
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw storageErrorFrom('write metrics into', folder, error);
  }
}

/** Two jobs with one file would hide each other's failures. */
async function refuseForeignFile(path: string, job: string): Promise<void> {
  if (!path.endsWith(SUFFIX)) {
    throw new PurgeError('usage', `The metrics file ${printable(path)} does not end in ${SUFFIX}.`, {
      next: `name it <something>${SUFFIX}; node_exporter reads no other files`,
    });
  }
  await refuseSymlink(path);
  const jobs = [...(await textOf(path)).matchAll(JOB_NAMES)].map(([, name = '']) => name);
  const other = jobs.find((name) => name !== escapeLabel(job));
  if (other === undefined) return;
  const what = `holds the metrics of the job "${printable(other, 100)}"`;
  throw refusal(path, what, 'give each job a file of its own; remove this one if that job is gone');
}

const JOB_NAMES = new RegExp(`[{,]${JOB_LABEL}="((?:[^"\\\\]|\\\\.)*)"`, 'g');

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return '';
    throw storageErrorFrom('read', path, error);
  }
}
