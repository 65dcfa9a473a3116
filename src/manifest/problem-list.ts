import { PurgeError } from '../errors.ts';
import { printable } from '../printable.ts';
import type { RowProblem } from './raw-record.ts';

/** How many wrong rows are listed; the rest is counted (CONTRACT.md 3). */
const SHOWN = 20;

/** The wrong rows of some files, as lines for a person: the first ones, and how many more there are. */
export class ProblemList {
  readonly #shown: string[] = [];
  #count = 0;

  add(path: string, line: number, { column, value, problem }: RowProblem): void {
    this.#count += 1;
    if (this.#count > SHOWN) return;
    const shownValue = value === '' ? '' : `"${printable(value, 80)}" `;
    this.#shown.push(`${printable(path)}:${line}:${column}: ${shownValue}${problem}`);
  }

  /** Empty when no row is wrong. */
  lines(): readonly string[] {
    const hidden = this.#count - this.#shown.length;
    return hidden === 0 ? this.#shown : [...this.#shown, `and ${hidden} more`];
  }

  /** What refuses a file must not hide its wrong rows: a `usage` error that lists them too; any other error as it is. */
  addedTo(error: unknown): unknown {
    if (!(error instanceof PurgeError) || error.kind !== 'usage' || this.#count === 0) return error;
    const { message, next, details, cause } = error;
    const others = this.lines().filter((line) => line !== message);
    return new PurgeError('usage', message, { next, details: [...details, ...others], cause });
  }
}
