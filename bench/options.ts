import { parseArgs } from 'node:util';

/** How much is measured. */
export interface Options {
  /** Names of parts; all when undefined. */
  readonly only: readonly string[] | undefined;
  /** Rows of each part instead of its own number; for `growth` the most rows. */
  readonly rows: number | undefined;
  readonly repeats: number | undefined;
  /** Less of everything: for a first look, not for figures that are kept. */
  readonly quick: boolean;
  /** Write `RESULTS.md`. */
  readonly write: boolean;
}

export const USAGE = `npm run bench -- [options]
  --only a,b     only these parts
  --rows N       so many rows instead of each part's own number (growth: at most so many)
  --repeats N    so many repeats
  --quick        less of everything, for a first look
  --write        write bench/RESULTS.md; with --only, the other parts keep what is there`;

/** Throws an Error that says what is wrong with the arguments. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      rows: { type: 'string' },
      repeats: { type: 'string' },
      quick: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  });
  return {
    only: values.only?.split(','),
    rows: wholeNumber('--rows', values.rows),
    repeats: wholeNumber('--repeats', values.repeats),
    quick: values.quick,
    write: values.write,
  };
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new Error(`${name} takes a whole number above 0, not ${text}`);
  return Number(text);
}
