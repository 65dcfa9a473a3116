import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

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
