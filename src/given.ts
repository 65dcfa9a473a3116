/** The same options, each with a value if it is there. */
type Given<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> };

/** Without what is `undefined`: for the library, an option that is not given is not there. */
export function given<T extends object>(options: T): Given<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same names and values, less the undefined ones
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Given<T>;
}
