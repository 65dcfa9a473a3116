import { printable } from '../printable.ts';
import { counted } from '../numbers.ts';
import { environmentName, kebabName, OPTION_NAMES, optionSpec } from './options.ts';
import type { Settings } from './settings.ts';
import { shownValue } from '../key-like.ts';
import { renderTable } from './table.ts';
import type { Paint } from './terminal.ts';

/** One thing that was looked at. */
export interface Finding {
  readonly about: string;
  readonly state: 'fine' | 'note' | 'problem';
  readonly what: string;
}

/** One effective setting, as `doctor` shows it. */
export interface ShownSetting {
  readonly option: string;
  readonly value: string;
  readonly from: string;
}

/** The findings, then every effective setting with its origin. */
export function renderDoctor(
  findings: readonly Finding[],
  settings: readonly ShownSetting[],
  paint: Paint,
): string {
  const width = Math.max(...findings.map(({ about }) => about.length));
  const problems = findings.filter(({ state }) => state === 'problem').length;
  return [
    ...findings.map(
      ({ about, state, what }) => `${mark(state, paint)} ${about.padEnd(width)}  ${printable(what, 1000)}`,
    ),
    '',
    renderTable(
      [{ title: 'setting' }, { title: 'value' }, { title: 'from' }],
      settings.map(({ option, value, from }) => [option, value, from]),
    ),
    '',
    problems === 0 ? 'No problem found.' : `${counted(problems, 'problem')} found.`,
  ].join('\n');
}

/** Every setting's value and origin; nothing in it can be a key. */
export function shownSettings({ settings }: Settings, stateDir: string): readonly ShownSetting[] {
  return OPTION_NAMES.filter((name) => optionSpec(name).group !== 'Sandbox').map((name) => {
    const { texts, origins } = settings[name];
    const shown = name === 'stateDir' ? [stateDir] : texts;
    const from = origins.map((origin) =>
      origin.from === 'default' ? 'default' : `${origin.from}: ${origin.where}`,
    );
    return {
      option: `--${kebabName(name)} (${environmentName(name)})`,
      value: shown.length === 0 ? '–' : shown.map(withoutQuotes).join(', '),
      from: from.join(', '),
    };
  });
}

function withoutQuotes(text: string): string {
  return shownValue(text).replaceAll(/^"|"$/g, '');
}

function mark(state: Finding['state'], paint: Paint): string {
  if (state === 'fine') return paint('green', 'ok     ');
  return state === 'note' ? paint('yellow', 'note   ') : paint('red', 'PROBLEM');
}
