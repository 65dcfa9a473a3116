/** YAML files that a person writes for the program: read whole, small, plain YAML 1.2, every problem with its place. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import type { Document } from 'yaml';
import { PurgeError } from './errors.ts';
import { shownValue } from './key-like.ts';
import { printable } from './printable.ts';

const LARGEST_BYTES = 65_536;
/** How many problems are listed; the rest is counted. */
const PROBLEMS_SHOWN = 20;

/** Which file it is, and how its errors speak of it. */
export interface SettingsFile {
  readonly path: string;
  /** `config file`, `job file`. */
  readonly what: string;
  /** What to check when it cannot be read. */
  readonly whenUnreadable: string;
  /** The next step when something in it is wrong. */
  readonly whenWrong: string;
}

/** A file that is YAML: its document, and `file.yaml:3:7` for an offset in it. */
export interface OpenedYaml {
  readonly document: Document.Parsed;
  readonly placeAt: (offset: number) => string;
  readonly yaml: typeof import('yaml');
}

/**
 * Reads and parses the file; `uniqueKeys` false leaves keys that stand twice to the caller. Throws a `usage` PurgeError
 * for a file that is no small regular file of UTF-8 text or no YAML 1.2, without quoting it: it may hold a key.
 */
export async function openYaml(
  file: SettingsFile,
  options: { readonly uniqueKeys: boolean },
): Promise<OpenedYaml> {
  const text = readSmallFile(file);
  const yaml = await import('yaml');
  const lines = new yaml.LineCounter();
  // Pretty errors quote the file, which may hold a key.
  const document = yaml.parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    strict: true,
    uniqueKeys: options.uniqueKeys,
    version: '1.2',
  });
  const placeAt = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${printable(file.path)}:${line}:${col}`;
  };
  const flaws = [...document.errors, ...document.warnings];
  if (flaws.length > 0) {
    const problems = flaws.map((flaw) => `${placeAt(flaw.pos[0])} is not plain YAML (${flaw.code})`);
    refuseFile(file, problems);
  }
  // A directive could ask for YAML 1.1, where "yes" is true and 22:00 is 1320.
  if (document.directives.yaml.explicit === true) {
    refuseFile(file, [`${placeAt(0)} a %YAML directive is not read here; the file is YAML 1.2`]);
  }
  return { document, placeAt, yaml };
}

/** Throws the `usage` PurgeError that lists these problems, each with its place. */
export function refuseFile(file: SettingsFile, problems: readonly string[]): never {
  const hidden = problems.length - PROBLEMS_SHOWN;
  const details = problems.slice(1, PROBLEMS_SHOWN);
  throw new PurgeError(
    'usage',
    `The ${file.what} ${shownValue(file.path)} is not right: ${problems[0] ?? ''}.`,
    { next: file.whenWrong, details: hidden > 0 ? [...details, `… and ${hidden} more`] : details },
  );
}

function readSmallFile(file: SettingsFile): string {
  let descriptor: number | undefined;
  try {
    // O_NONBLOCK: opening a FIFO must not wait for its writer.
    descriptor = openSync(file.path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) refuseFile(file, ['it is not a regular file']);
    if (stat.size > LARGEST_BYTES) refuseFile(file, [`it is larger than ${LARGEST_BYTES} bytes`]);
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(descriptor));
  } catch (error) {
    if (error instanceof PurgeError) throw error;
    throw new PurgeError('usage', `The ${file.what} ${shownValue(file.path)} cannot be read.`, {
      next: file.whenUnreadable,
      cause: error,
    });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
