/** Writes the generated parts of the Markdown pages: `npx -c 'node tools/write-docs.ts'`. A test fails when they are out of date. */
import { writeFileSync } from 'node:fs';
import { PAGES, renderPage } from './docs-blocks.ts';

for (const page of PAGES) {
  writeFileSync(new URL(`../${page}`, import.meta.url), await renderPage(page));
}
