/** Something to be measured next to others. */
export interface Contender<T> {
  readonly name: string;
  run(): Promise<T>;
}

/** Measures A B C A B C …, so that a machine that becomes slower does so for all. The answers are in that order. */
export async function interleave<T>(
  contenders: readonly Contender<T>[],
  options: { readonly repeats: number; readonly say: (text: string) => void },
): Promise<ReadonlyMap<string, readonly T[]>> {
  const measured = new Map<string, T[]>(contenders.map(({ name }) => [name, []]));
  for (let repeat = 1; repeat <= options.repeats; repeat += 1) {
    for (const contender of contenders) {
      const { name } = contender;
      options.say(`${repeat}/${options.repeats} ${name}`);
      measured.get(name)?.push(await contender.run());
    }
  }
  return measured;
}
