import { exitCodeLines } from './exit-code-lines.ts';
import { COMMANDS, type CommandSpec } from './commands.ts';
import { kebabName, optionsOf, optionSpec, type OptionName } from './options.ts';

const LEAST_COLUMNS = 60;
const MOST_COLUMNS = 100;
const BETWEEN = '  ';

type Row = readonly [left: string, meaning: string];

/**
 * The help of one command, or of the whole program, in lines of at most `columns`; only an example that is longer stays
 * whole, so that it can be copied. It is made from our own tables: yargs would load for half of the time that it takes.
 */
export function renderHelp(command: CommandSpec | null, columns: number): string {
  const width = Math.max(LEAST_COLUMNS, Math.min(MOST_COLUMNS, columns));
  const parts = command === null ? programHelp(width) : commandHelp(command, width);
  return [...parts, exitCodeLines()].join('\n\n');
}

function programHelp(width: number): readonly string[] {
  return [
    wrap('Delete Tavus videos and replicas in bulk, from a plan that you have seen.', width).join('\n'),
    'Usage: tavus-purge <command> [options]',
    section(
      'Commands',
      COMMANDS.map(({ name, summary }) => [`tavus-purge ${name}`, summary]),
      width,
    ),
    section(
      'Options',
      [
        ['-h, --help', 'show this help, or after a command its own'],
        ['    --version', 'print the version'],
      ],
      width,
    ),
    section(
      'Examples',
      [
        ['tavus-purge plan old-videos.csv', 'look first'],
        ['tavus-purge apply <run> --confirm <hex>', 'then delete exactly that'],
      ],
      width,
    ),
  ];
}

function commandHelp({ name, usage, summary, examples }: CommandSpec, width: number): readonly string[] {
  const groups = Map.groupBy(optionsOf(name), (option) => optionSpec(option).group);
  return [
    `tavus-purge ${usage}`,
    wrap(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`, width).join('\n'),
    ...[...groups].map(([group, options]) => section(group, options.map(optionRow), width)),
    section('Examples', examples, width),
  ];
}

function optionRow(name: OptionName): Row {
  const { argument, choices, fallback, meaning, shape } = optionSpec(name);
  const notes = [
    ...(choices === null ? [] : [`one of ${choices.join(', ')}`]),
    ...(fallback === null || shape === 'flag' ? [] : [`default: ${fallback}`]),
  ];
  return [
    `--${kebabName(name)} ${argument}`.trimEnd(),
    notes.length === 0 ? meaning : `${meaning} (${notes.join('; ')})`,
  ];
}

/** Two columns below a title. A left text that is longer than half of the width has a line of its own. */
function section(title: string, rows: readonly Row[], width: number): string {
  const lefts = rows.map(([left]) => left.length).filter((length) => length <= width / 2);
  const column = Math.max(0, ...lefts);
  const indent = BETWEEN.repeat(2) + ' '.repeat(column);
  const lines = rows.flatMap(([left, meaning]) => {
    const [first = '', ...more] = wrap(meaning, width - indent.length);
    const start = BETWEEN + left;
    const begun =
      left.length > column ? [start, indent + first] : [start.padEnd(column + 2) + BETWEEN + first];
    return [...begun, ...more.map((line) => indent + line)];
  });
  return [`${title}:`, ...lines].join('\n');
}

/** Broken between words into lines of at most `width`; a longer word has a line of its own. */
function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
