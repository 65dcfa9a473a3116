import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PROOFS } from '../proofs.ts';

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

interface Promised {
  readonly sentence: string;
  readonly proofs: readonly { readonly file: string; readonly title: string }[];
}

/** `- A sentence.` followed by lines `- test/file.test.ts: "title"`, one step further in. */
function promises(page: string): Promised[] {
  return page
    .split(/^- /m)
    .slice(1)
    .map((item) => ({
      sentence: item.split('\n')[0] ?? '',
      proofs: [...item.matchAll(/^ {2}- `(test\/[^`]+)`: "(.+)"$/gm)].map(([, file = '', title = '']) => ({
        file,
        title,
      })),
    }));
}

const [promised = ''] = read('docs/safety-model.md').split('## What it cannot do for you');
const all = promises(promised);

test('the safety model makes promises', () => {
  expect(all.length).toBeGreaterThan(30);
});

test.each(all)('is proved: $sentence', ({ proofs }) => {
  expect(proofs).not.toEqual([]);
  for (const { file, title } of proofs) {
    const source = read(file);
    const isThere = ["'", '"', '`'].some((quote) => source.includes(`${quote}${title}${quote}`));
    expect(isThere, `${file}: "${title}"`).toBe(true);
  }
});

const ATTACKS = ['crash', 'faults', 'hostile', 'secrets'].flatMap((folder) =>
  readdirSync(new URL(`../${folder}`, import.meta.url))
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `test/${folder}/${name}`),
);

test.each(ATTACKS)('what %s attacks stands in the safety model', (file) => {
  expect(all.flatMap(({ proofs }) => proofs.map((proof) => proof.file))).toContain(file);
});

test.each(PROOFS)('the proof $name is explained beside its figures', ({ name }) => {
  expect(read('docs/safety-proof.md')).toContain(`- **\`${name}\`** `);
});
