/** `1,240`, whatever the locale of the machine. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** `1 video`, `1,240 videos`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** `not_found` → `not found`. */
export function inWords(name: string): string {
  return name.replaceAll('_', ' ');
}
