import { PurgeError } from '../errors.ts';

/** The value of a text column that can only be one of `values`. Anything else means that the file is damaged. */
export function oneOf<T extends string>(values: readonly T[], value: unknown): T {
  for (const known of values) if (known === value) return known;
  throw new PurgeError(
    'storage',
    `A file of the state folder is damaged: it holds ${JSON.stringify(value)} where one of ${values.join(', ')} belongs.`,
    {
      next: 'restore the run folder from a backup, or plan again from the manifests',
    },
  );
}

/** The value of a nullable integer column. */
export function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

/** The value of a nullable text column. */
export function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** What this program wrote itself, as JSON, into a file whose digest is checked before anything is deleted. */
// oxlint-disable-next-line no-unnecessary-type-parameters -- it names what the caller wrote
export function parseOwn<T>(text: unknown): T {
  // oxlint-disable-next-line no-unsafe-type-assertion -- nobody else writes these columns
  return JSON.parse(String(text)) as T;
}
