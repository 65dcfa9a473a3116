/** The alert rules and the dashboard that ship in jobs/: they name only what the metrics really have. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { hasPromtool, NEEDS_PROMTOOL } from './promtool.ts';

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

const GOLDEN = read('test/job/metrics.golden.prom');
const METRICS = new Set(GOLDEN.match(/tavus_purge_\w+/g));
/** Every pair of a metric and a label that it really has. */
const LABELS = new Set(
  [...GOLDEN.matchAll(/^(tavus_purge_\w+)\{(.*)\} /gm)].flatMap(([, metric = '', labels = '']) =>
    [...labels.matchAll(/(\w+)="([^"]*)"/g)].flatMap(([, label = '', value = '']) => [
      `${metric} ${label}`,
      `${metric} ${label}="${value}"`,
    ]),
  ),
);

/** What an expression asks of a metric that it does not have; empty is good. */
function unknownIn(expression: string): string[] {
  const unknown = [...(expression.match(/tavus_purge_\w+/g) ?? [])].filter((name) => !METRICS.has(name));
  for (const [, metric = '', selector = ''] of expression.matchAll(/(tavus_purge_\w+)\{([^}]*)\}/g)) {
    for (const [, label = '', operator = '', value = ''] of selector.matchAll(
      /(\w+)(=~|!~|!=|=)"([^"]*)"/g,
    )) {
      const wanted = operator === '=' ? `${metric} ${label}="${value}"` : `${metric} ${label}`;
      if (!LABELS.has(wanted)) unknown.push(wanted);
    }
  }
  const [metric = ''] = expression.match(/tavus_purge_\w+/) ?? [];
  for (const [, labels = ''] of expression.matchAll(/(?:by|without|ignoring|on) ?\(([^)]*)\)/g)) {
    for (const label of labels.split(/, ?/))
      if (!LABELS.has(`${metric} ${label}`)) unknown.push(`${metric} ${label}`);
  }
  return unknown;
}

interface AlertFile {
  readonly groups: readonly {
    readonly name: string;
    readonly rules: readonly {
      readonly alert: string;
      readonly expr: string;
      readonly labels: { readonly severity: string };
      readonly annotations: { readonly summary: string; readonly description: string };
    }[];
  }[];
}

describe('jobs/alerts.yml', () => {
  const rules = (parse(read('jobs/alerts.yml')) as AlertFile).groups.flatMap((group) => group.rules);

  test('names only metrics and labels that exist', () => {
    expect(rules.flatMap(({ expr }) => unknownIn(expr))).toEqual([]);
  });

  test('each alert has a severity, says which job it is about, and what to do', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { alert, labels, annotations } of rules) {
      expect(alert).toMatch(/^TavusPurge[A-Z]\w+$/);
      expect(labels.severity).toMatch(/^(?:warning|critical)$/);
      expect(annotations.summary).toContain('{{ $labels.job_name }}');
      expect(annotations.description.length).toBeGreaterThan(20);
    }
  });

  test('each alert is explained in the documentation, and no other', () => {
    const explained = [...read('docs/monitoring.md').matchAll(/^\| `(TavusPurge\w+)`/gm)].map(
      ([, name]) => name,
    );
    expect(explained).toEqual(rules.map(({ alert }) => alert));
  });

  test.skipIf(!hasPromtool())(
    `holds what promtool asks of rules, and fires when it should (${NEEDS_PROMTOOL})`,
    () => {
      const at = fileURLToPath(new URL('../../', import.meta.url));
      const checked = spawnSync('promtool', ['check', 'rules', 'jobs/alerts.yml'], {
        cwd: at,
        encoding: 'utf8',
      });
      expect({ status: checked.status, said: checked.stderr }).toEqual({ status: 0, said: '' });
      const tested = spawnSync('promtool', ['test', 'rules', 'test/job/alerts-test.yml'], {
        cwd: at,
        encoding: 'utf8',
      });
      expect({ status: tested.status, said: tested.stderr }).toEqual({ status: 0, said: '' });
    },
  );
});

interface Dashboard {
  readonly title: string;
  readonly uid: string;
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly description: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets: readonly {
      readonly refId: string;
      readonly expr: string;
      readonly legendFormat: string;
    }[];
  }[];
}

describe('jobs/grafana-dashboard.json', () => {
  const dashboard = JSON.parse(read('jobs/grafana-dashboard.json')) as Dashboard;
  const { panels, templating } = dashboard;
  const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));

  test('names only metrics and labels that exist', () => {
    expect(expressions.flatMap(unknownIn)).toEqual([]);
    expect(templating.list.flatMap(({ definition }) => unknownIn(definition ?? ''))).toEqual([]);
  });

  test('shows every metric, each for the chosen jobs', () => {
    expect(new Set(expressions.join(' ').match(/tavus_purge_\w+/g))).toEqual(METRICS);
    expect(expressions.filter((expression) => !expression.includes('{job_name=~"$job_name"}'))).toEqual([]);
  });

  test('uses only variables that it has, and labels in legends that its expressions keep', () => {
    const names = templating.list.map(({ name }) => name);
    const used = JSON.stringify(dashboard).matchAll(/\$\{?([a-z_]+)\}?/g);
    expect(new Set([...used].map(([, name]) => name))).toEqual(new Set(['__all', ...names]));
    for (const { expr, legendFormat } of panels.flatMap(({ targets }) => targets)) {
      const [, kept = 'job_name'] = /by \(([^)]*)\)/.exec(expr) ?? [];
      const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);
      expect(kept.split(', ')).toEqual(expect.arrayContaining(shown));
    }
  });

  test('has panels that explain themselves, fit the width and do not overlap', () => {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from(
        { length: w * h },
        (_, cell) => `${String(x + (cell % w))},${String(y + Math.floor(cell / w))}`,
      ),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.every(({ gridPos }) => gridPos.x + gridPos.w <= 24)).toBe(true);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(panels.every(({ title, description }) => title !== '' && description !== '')).toBe(true);
  });

  test.skipIf(!hasPromtool())(`has expressions that Prometheus can read (${NEEDS_PROMTOOL})`, async () => {
    const rules = expressions.map((expr, index) => ({
      record: `panel:${String(index)}:expr`.replaceAll(/\d+/g, 'a'),
      expr,
    }));
    const numbered = rules.map((rule, index) => ({ ...rule, labels: { panel: String(index) } }));
    const file = join(await temporaryFolder(), 'rules.yml');
    await writeFile(file, stringify({ groups: [{ name: 'dashboard', rules: numbered }] }));
    const { status, stderr } = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

describe('docs/monitoring.md', () => {
  test('lists every metric with its labels and its HELP, and no other', () => {
    const rows = [
      ...read('docs/monitoring.md').matchAll(/^\| `(tavus_purge_\w+)` +\| (.*?) +\| (.*?) +\|$/gm),
    ];
    const documented = rows.map(([, name = '', labels = '', help = '']) => `${name} ${labels} ${help}`);
    const real = [...GOLDEN.matchAll(/^# HELP (\w+) (.*)$/gm)].map(([, name = '', help = '']) => {
      const more = ['outcome', 'reason', 'class', 'channel'].filter((label) =>
        LABELS.has(`${name} ${label}`),
      );
      return `${name} ${more.map((label) => `\`${label}\``).join('')} ${help}`;
    });
    expect(documented).toEqual(real);
  });
});
