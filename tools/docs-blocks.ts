/**
 * The parts of the Markdown pages that are made from the program's own tables: commands, options, exit codes, keys of a job file. They
 * stand between `<!-- generated: name -->` and `<!-- end -->`; the rest of a page is written by hand.
 */
import { readFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { COMMANDS, type CommandSpec } from '../src/cli/commands.ts';
import { exitCodeLines } from '../src/cli/exit-code-lines.ts';
import {
  environmentName,
  kebabName,
  OPTION_NAMES,
  optionsOf,
  optionSpec,
  type OptionName,
} from '../src/cli/options.ts';
import { jobJsonSchema } from '../src/job/job-schema.ts';

/** Pages that hold generated blocks, from the root of the project. */
export const PAGES = ['README.md', 'docs/commands.md', 'docs/jobs.md'] as const;

const BLOCK = /<!-- generated: ([a-z-]+) -->\n[^]*?<!-- end -->/g;

/** The page as it should be: its blocks made anew, formatted. Throws when it names a block that does not exist. */
export async function renderPage(page: (typeof PAGES)[number]): Promise<string> {
  const file = new URL(`../${page}`, import.meta.url);
  const blocks = new Map([
    ['commands', commandsBlock()],
    ['options', optionsBlock()],
    ['exit-codes', exitCodesBlock()],
    ['job-keys', jobKeysBlock()],
  ]);
  const text = (await readFile(file, 'utf8')).replaceAll(BLOCK, (_old, name: string) => {
    const block = blocks.get(name);
    if (block === undefined) throw new Error(`${page} has an unknown block: ${name}`);
    return `<!-- generated: ${name} -->\n\n${block}\n\n<!-- end -->`;
  });
  return format(text, { ...(await resolveConfig(file)), parser: 'markdown' });
}

function commandsBlock(): string {
  return COMMANDS.map(commandSection).join('\n\n');
}

function commandSection({ name, usage, summary, examples }: CommandSpec): string {
  const lines = examples.map(([command, meaning]) => `# ${meaning}\n${command}`);
  const options = optionsOf(name).map((option) => `\`--${kebabName(option)}\``);
  return [
    `### \`tavus-purge ${usage}\``,
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    ['```sh', ...lines, '```'].join('\n'),
    `Options: ${options.length === 0 ? 'none' : options.join(', ')}.`,
  ].join('\n\n');
}

function optionsBlock(): string {
  const groups = Map.groupBy(OPTION_NAMES, (name) => optionSpec(name).group);
  return [...groups].map(([group, names]) => `### ${group}\n\n${optionTable(names)}`).join('\n\n');
}

function optionTable(names: readonly OptionName[]): string {
  const rows = names.map((name) => {
    const { argument, choices, commands, fallback, meaning, shape } = optionSpec(name);
    const flag = argument === '' ? `--${kebabName(name)}` : `--${kebabName(name)} ${argument}`;
    const words = choices === null ? meaning : `${meaning} (${choices.join(', ')})`;
    const shown = shape === 'flag' ? 'off' : fallback === null ? '–' : `\`${fallback}\``;
    return [`\`${flag}\``, shown, words, commands.join(', '), `\`${environmentName(name)}\``];
  });
  return table(['option', 'default', 'meaning', 'commands', 'environment'], rows);
}

function exitCodesBlock(): string {
  const rows = [...exitCodeLines().matchAll(/^ +(\d+) {2}(.+)$/gm)].map(([, code = '', meaning = '']) => [
    code,
    meaning,
  ]);
  return table(['code', 'meaning'], rows);
}

interface KeySchema {
  readonly properties?: Readonly<Record<string, KeySchema>>;
  readonly required?: readonly string[];
  readonly description?: string;
  readonly default?: string | number;
  readonly enum?: readonly string[];
}

function jobKeysBlock(): string {
  return table(['key', 'default', 'meaning'], keyRows(jobJsonSchema() as KeySchema, ''));
}

function keyRows({ properties = {}, required = [] }: KeySchema, around: string): string[][] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const key = `${around}${name}`;
    const fallback = schema.default === undefined ? '–' : `\`${schema.default}\``;
    const meaning = schema.description ?? '';
    const words = schema.enum === undefined ? meaning : `${meaning} (${schema.enum.join(', ')})`;
    // Columns have no meaning of their own; `map` says it.
    if (meaning === '') return [];
    const row = [`\`${key}\``, required.includes(name) ? '**required**' : fallback, words];
    return [row, ...keyRows(schema, `${key}.`)];
  });
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  return [titles, titles.map(() => '---'), ...rows].map(tableLine).join('\n');
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
