import type { Finding, Part, Target } from './bench.ts';

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

/** One part as Markdown, for a terminal. */
export function renderResult(result: Result): string {
  return [renderFinding(result, []), ...targetTable(result.targets)].join('\n\n');
}

/** The whole page. */
export function renderPage(results: readonly Result[]): string {
  const [first] = results;
  const common = first === undefined ? [] : where(first);
  return `${[
    '# Results of the benchmark',
    'Made by `npm run bench -- --write`; [README.md](README.md) says how to read it. Figures are medians, with the least and the most in parentheses. Ratios hold better than absolute figures: they compare what ran right after one another. Unless a part says otherwise:',
    list(common),
    '## Targets',
    ...targetTable(results.flatMap(({ targets }) => targets)),
    ...results.map((result) => renderFinding(result, isSame(where(result), common) ? [] : where(result))),
  ].join('\n\n')}\n`;
}

function renderFinding(result: Result, more: readonly string[]): string {
  const { title, columns, rows, meaning, notes, missing } = result;
  return [
    `## ${title}`,
    ...(columns.length === 0 ? [] : [table(columns, rows)]),
    ...meaning,
    list([...notes, ...missing.map((what) => `Missing: ${what}.`), ...more]),
  ].join('\n\n');
}

/** Nothing when there are no targets. */
function targetTable(targets: readonly Target[]): readonly string[] {
  if (targets.length === 0) return [];
  const rows = targets.map(({ what, goal, must, measured, met }) => [what, goal, must, measured, MET[met]]);
  return [table(['target', 'goal', 'at least', 'measured', ''], rows)];
}

function where({ day, isQuick, machine }: Result): readonly string[] {
  return [`Measured on ${day}${isQuick ? ', the quick way: a first look only' : ''}.`, ...machine];
}

function isSame(lines: readonly string[], others: readonly string[]): boolean {
  return lines.join('\n') === others.join('\n');
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
