/** What a value parser says about a text: the value, or what was expected as a phrase that fits after "expected". */
export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly expected: string };

/** Reads one text, strictly: never trims, never guesses. */
export type Parser<T> = (text: string) => Parsed<T>;

export function accepted<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

export function expected(what: string): { readonly ok: false; readonly expected: string } {
  return { ok: false, expected: what };
}
