import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { EXIT_CODES } from '../../src/errors.ts';
import { OUTCOMES, SKIP_REASONS, STOP_REASONS } from '../../src/types.ts';
import { PAGES, renderPage } from '../../tools/docs-blocks.ts';

function read(page: string): Promise<string> {
  return readFile(new URL(`../../${page}`, import.meta.url), 'utf8');
}

test.each(PAGES)("%s shows the program's own tables (npx -c 'node tools/write-docs.ts')", async (page) => {
  expect(await read(page)).toBe(await renderPage(page));
});

describe('an operator finds every word that the program uses', () => {
  test.each(OUTCOMES)('the outcome %s in the README', async (outcome) => {
    expect(await read('README.md')).toContain(`| \`${outcome}\``);
  });

  test.each(SKIP_REASONS)('the reason for skipping %s in the README', async (reason) => {
    expect(await read('README.md')).toContain(`\`${reason}\``);
  });

  test.each(STOP_REASONS)('the reason for stopping %s in docs/troubleshooting.md', async (reason) => {
    expect(await read('docs/troubleshooting.md')).toContain(`| \`${reason}\``);
  });

  test('every exit code in docs/troubleshooting.md', async () => {
    const page = await read('docs/troubleshooting.md');
    const codes = Object.values(EXIT_CODES).filter((code) => code !== 0 && code !== 10);
    for (const code of codes) expect(page).toContain(`## Exit code ${code}`);
  });
});

describe('links between the pages', () => {
  test.each([
    'README.md',
    'CONTRIBUTING.md',
    'DECISIONS.md',
    'SECURITY.md',
    'docs/commands.md',
    'docs/jobs.md',
    'docs/manifests.md',
    'docs/safety-model.md',
    'docs/safety-proof.md',
    'docs/troubleshooting.md',
    'examples/README.md',
    'src/README.md',
  ])('of %s lead to files that exist', async (page) => {
    const here = new URL(`../../${page}`, import.meta.url);
    const links = [...(await read(page)).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link = '']) => link);
    for (const link of links) {
      const there = new URL(link.endsWith('/') ? `${link}README.md` : link, here);
      await expect(readFile(there), link).resolves.toBeDefined();
    }
  });
});
