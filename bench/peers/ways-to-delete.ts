import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from '../bench.ts';
import { writeManifest } from '../manifests.ts';
import { SANDBOX_KEY, type Command } from '../measure.ts';
import { isInstalled } from '../native.ts';
import { copyOfPlan, savedPlan } from '../product.ts';

export const CONCURRENCY = 32;
/** A process per ID is so slow that it is measured on fewer of them: one in so many. */
const XARGS_EVERY = 100;

/** One way to delete the rows of a manifest. */
export interface Way {
  readonly rows: number;
  /** Makes everything ready, which is not measured, and says what to measure. */
  readonly prepare: () => Command;
  /** Sends one ID again and again, since it knows no lists. */
  readonly knowsOneId?: true;
}

/** tavus-purge and its peers, with `rows` IDs each; those that are not installed are `null`. */
export interface Ways {
  readonly tool: Way;
  readonly curl: Way | null;
  readonly xargs: Way | null;
  readonly hey: Way | null;
  readonly dispatch: Way;
  readonly request: Way;
}

/** Writes the manifests and plans what tavus-purge will carry out. */
export async function waysToDelete(bench: Bench, rows: number): Promise<Ways> {
  const { product, scratch } = bench;
  const all = join(scratch, 'all.csv');
  const few = join(scratch, 'few.csv');
  // It gives each worker the same number.
  const heyRows = rows - (rows % CONCURRENCY);
  const fewRows = Math.ceil(rows / XARGS_EVERY);
  writeManifest(all, 'csv', rows);
  writeManifest(few, 'csv', fewRows);

  const planned = join(scratch, 'planned');
  await bench.measure(product.plan(all, planned));
  const plan = savedPlan(planned);
  const state = join(scratch, 'state');
  const { baseUrl } = bench.server;
  const node = (how: string): Way => {
    const program = join(import.meta.dirname, 'undici.ts');
    const args = [program, how, baseUrl, all, String(CONCURRENCY)];
    return { rows, prepare: () => ({ file: process.execPath, args }) };
  };
  const shell = (text: string): Command => ({
    file: 'sh',
    args: ['-c', text],
    stdoutFile: join(scratch, 'codes'),
  });
  const hasCurl = isInstalled('curl');
  return {
    tool: {
      rows,
      prepare() {
        rmSync(state, { recursive: true, force: true });
        const command = product.apply(copyOfPlan(plan, state));
        // Else writing the copy back to the disk would be measured, too.
        spawnSync('sync');
        return command;
      },
    },
    curl: hasCurl ? { rows, prepare: () => shell(parallelCurl(all, baseUrl)) } : null,
    xargs: hasCurl ? { rows: fewRows, prepare: () => shell(curlPerId(few, baseUrl)) } : null,
    hey: isInstalled('hey')
      ? { rows: heyRows, knowsOneId: true, prepare: () => shell(hey(heyRows, baseUrl)) }
      : null,
    dispatch: node('dispatch'),
    request: node('request'),
  };
}

const KEY_HEADER = `-H 'x-api-key: ${SANDBOX_KEY}'`;
const CURL_OPTIONS = `--silent --show-error --request DELETE ${KEY_HEADER} --write-out '%{http_code} %{url}\\n'`;

function parallelCurl(manifest: string, baseUrl: string): string {
  const list = `${manifest}.curl`;
  const line = String.raw`"url = \"${baseUrl}/v2/" $2 "s/" $1 "\""`;
  return `${awk(line, manifest)} > '${list}' && curl --parallel --parallel-max ${CONCURRENCY} ${CURL_OPTIONS} --config '${list}'`;
}

function curlPerId(manifest: string, baseUrl: string): string {
  const url = `"${baseUrl}/v2/" $2 "s/" $1`;
  return `${awk(url, manifest)} | xargs -P${CONCURRENCY} -n1 curl ${CURL_OPTIONS}`;
}

function hey(requests: number, baseUrl: string): string {
  return `hey -n ${requests} -c ${CONCURRENCY} -m DELETE ${KEY_HEADER} ${baseUrl}/v2/videos/a500000000`;
}

function awk(print: string, manifest: string): string {
  return `awk -F, 'NR > 1 { print ${print} }' '${manifest}'`;
}
