/** A whole number as `1,240`, whatever the locale of the machine. */
export function formatCount(count: number): string {
  // Not `toLocaleString`: its first call loads the locales, for as long as the rest of a short command takes.
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `1 video`, `1,240 videos`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** `not_found` → `not found`. */
export function inWords(name: string): string {
  return name.replaceAll('_', ' ');
}
