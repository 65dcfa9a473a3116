import type { Finding, Part } from './bench.ts';

/** A finding together with when and where it was made. */
export interface Result extends Finding {
  readonly part: Part['name'];
  readonly title: Part['title'];
  /** `2026-11-22`. */
  readonly day: string;
  readonly isQuick: boolean;
  readonly machine: readonly string[];
}

const MET = { goal: 'goal met', must: 'must met', missed: '**missed**' } as const;

/** One part as Markdown, which a terminal shows as well. */
export function renderResult(result: Result): string {
  const { title, columns, rows, targets, meaning, notes, missing } = result;
  return [
    `## ${title}`,
    ...(columns.length === 0 ? [] : [table(columns, rows)]),
    ...meaning,
    ...(targets.length === 0
      ? []
      : [
          table(
            ['target', 'goal', 'at least', 'measured', ''],
            targets.map(({ what, goal, must, measured, met }) => [what, goal, must, measured, MET[met]]),
          ),
        ]),
    list([...notes, ...missing.map((what) => `Missing: ${what}.`)]),
  ].join('\n\n');
}

/** The whole page. */
export function renderPage(results: readonly Result[]): string {
  return `${[
    '# Results of the benchmark',
    'Made by `npm run bench -- --write`; [README.md](README.md) says how to read it. Medians, with the least and the most in parentheses. Ratios hold better than absolute figures: they compare what ran next to each other.',
    ...results.map((result) => `${renderResult(result)}\n\n${list(where(result))}`),
  ].join('\n\n')}\n`;
}

function where({ day, isQuick, machine }: Result): readonly string[] {
  return [`Measured on ${day}${isQuick ? ', the quick way: a first look only' : ''}.`, ...machine];
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [columns, ...rows];
  const widths = columns.map((_, at) => Math.max(3, ...all.map((row) => (row[at] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  return [line(columns), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
