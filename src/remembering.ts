/**
 * Like `render`, which must be pure, but knows again what it was given last: rows that follow each other mostly say the
 * same, and a text that is made once is put together from fewer pieces.
 */
export function remembering<Values extends readonly unknown[]>(
  render: (...values: Values) => string,
): (...values: Values) => string {
  let last: Values | undefined;
  let rendered = '';
  return (...values) => {
    if (last === undefined || !areSame(values, last)) {
      rendered = render(...values);
      last = values;
    }
    return rendered;
  };
}

function areSame(values: readonly unknown[], others: readonly unknown[]): boolean {
  for (let at = 0; at < values.length; at += 1) if (values[at] !== others[at]) return false;
  return true;
}
