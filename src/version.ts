import { readFileSync } from 'node:fs';

const packageJson = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
// oxlint-disable-next-line no-unsafe-type-assertion -- our own package
const { name, version } = JSON.parse(packageJson) as { readonly name: string; readonly version: string };

/** The program's name and version, as its package says. */
export const TOOL: { readonly name: string; readonly version: string } = { name, version };
