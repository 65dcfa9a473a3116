/** Measures tavus-purge next to its peers: `npm run bench -- [--only apply] [--quick] [--write]`; see README.md. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { styleText } from 'node:util';
import type { Part } from './bench.ts';
import { startFastServer } from './fast-server.ts';
import { describeMachine } from './machine.ts';
import { chooseMeasure } from './measure.ts';
import { buildNativePrograms } from './native.ts';
import { parseOptions, USAGE, type Options } from './options.ts';
import { apply } from './parts/apply.ts';
import { growth } from './parts/growth.ts';
import { plan } from './parts/plan.ts';
import { rate } from './parts/rate.ts';
import { resume } from './parts/resume.ts';
import { semiSpace } from './parts/semi-space.ts';
import { startUp } from './parts/start-up.ts';
import { buildProduct } from './product.ts';
import { renderResult, type Result } from './render.ts';
import { writeResult } from './results-page.ts';

const PARTS: readonly Part[] = [apply, growth, semiSpace, plan, rate, startUp, resume];

/** On the disk of the checkout: where temporary folders are memory, syncing would cost nothing. */
const CACHE = join(import.meta.dirname, '..', 'node_modules', '.cache');

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let options: Options;
  let parts: readonly Part[];
  try {
    options = parseOptions(args);
    parts = chosen(options.only);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  mkdirSync(CACHE, { recursive: true });
  const scratch = mkdtempSync(join(CACHE, 'bench-'));
  process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  return measureAll(parts, options, scratch);
}

async function measureAll(parts: readonly Part[], options: Options, scratch: string): Promise<number> {
  const native = buildNativePrograms(scratch);
  const measure = chooseMeasure(native, scratch);
  if (measure === null) return cannot('processes cannot be measured: install a C compiler (cc) or GNU time');
  await using server = await startFastServer(native, scratch);
  if (server === null) return cannot('there is no fast server: install a C compiler (cc) or nginx');

  say(`building tavus-purge; the server is ${server.name}`);
  const product = buildProduct(scratch, server.baseUrl);
  const machine = [...describeMachine(scratch), product.version, `The server is ${server.name}.`];
  for (const line of machine) say(line);
  let failed = 0;
  for (const part of parts) {
    const { name, title } = part;
    console.error(`\n== ${name}: ${title}`);
    const folder = join(scratch, name);
    mkdirSync(folder);
    try {
      const finding = await part.run({ options, scratch: folder, server, product, measure, say });
      const day = new Date().toISOString().slice(0, 10);
      const result: Result = { ...finding, part: name, title, day, isQuick: options.quick, machine };
      console.log(`\n${renderResult(result)}\n`);
      if (options.write) await writeResult(result, PARTS);
    } catch (error) {
      // The other parts take long, too, and need not be done again.
      failed += 1;
      console.error(error);
    }
    rmSync(folder, { recursive: true });
  }
  return failed === 0 ? 0 : 1;
}

function chosen(only: Options['only']): readonly Part[] {
  if (only === undefined) return PARTS;
  return only.map((name) => {
    const part = PARTS.find((known) => known.name === name);
    if (part !== undefined) return part;
    throw new Error(`there is no part ${name}; there are ${PARTS.map((known) => known.name).join(', ')}`);
  });
}

function say(text: string): void {
  console.error(styleText('dim', `  ${text}`));
}

function cannot(why: string): number {
  console.error(`bench: ${why}`);
  return 1;
}
