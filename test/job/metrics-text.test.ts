import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { metricsText } from '../../src/job/metrics-text.ts';
import { OUTCOMES, SKIP_REASONS } from '../../src/types.ts';
import { jobEnd, summaryOf, troubledEnd } from './job-end.ts';
import { hasPromtool, NEEDS_PROMTOOL } from './promtool.ts';

const NO_HISTORY = { lastSuccessAt: null, notificationFailures: [] };
const GOLDEN = readFileSync(new URL('metrics.golden.prom', import.meta.url), 'utf8');
const LAST_SUCCESS_AT = Date.parse('2026-11-21T02:03:00Z');

/** Any UTF-16, mostly of characters that the format treats in their own ways. */
const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom('"', '\\', '\n', '}', ' '),
      fc.nat(0xffff).map((unit) => String.fromCharCode(unit)),
    ),
    { maxLength: 20 },
  )
  .map((parts) => parts.join(''));

/** The samples of a text: what stands before the value, and the value. */
function samplesOf(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

describe('metricsText', () => {
  test('has exactly these names, labels and values', () => {
    const failures = [
      { channel: 'ping', event: 'start', problem: 'x' },
      { channel: 'ping', event: 'fail', problem: 'x' },
      { channel: 'webhook', event: 'fail', problem: 'x' },
    ] as const;
    const history = { lastSuccessAt: LAST_SUCCESS_AT, notificationFailures: failures };
    // A change here breaks alerts and dashboards of other people: it is a breaking change.
    expect(metricsText(troubledEnd(), history)).toBe(GOLDEN);
  });

  test.skipIf(!hasPromtool())(`has nothing that promtool objects to (${NEEDS_PROMTOOL})`, () => {
    const { status, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: GOLDEN,
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('a failing run keeps the last success, a successful one is it, and none is 0', () => {
    const name = 'tavus_purge_last_success_timestamp_seconds{job_name="nightly"}';
    const failing = troubledEnd();
    const before = { ...NO_HISTORY, lastSuccessAt: LAST_SUCCESS_AT };
    expect(samplesOf(metricsText(failing, before)).get(name)).toBe(LAST_SUCCESS_AT / 1_000);
    expect(samplesOf(metricsText(jobEnd(), before)).get(name)).toBe(jobEnd().finishedAt / 1_000);
    expect(samplesOf(metricsText(failing, NO_HISTORY)).get(name)).toBe(0);
  });

  test('every series is there also when there is nothing to count, but for the age of an empty backlog', () => {
    const always = [...samplesOf(GOLDEN).keys()].filter((key) => !key.includes('backlog_oldest'));
    expect([...samplesOf(metricsText(jobEnd(), NO_HISTORY)).keys()]).toEqual(always);
  });

  test('a clock that was set back makes no negative duration', () => {
    const end = jobEnd({ finishedAt: jobEnd().startedAt - 5_000 });
    expect(metricsText(end, NO_HISTORY)).toContain('tavus_purge_duration_seconds{job_name="nightly"} 0\n');
  });

  test('rows by outcome add up to the planned ones, over all runs', () => {
    const counts = fc.record(Object.fromEntries(OUTCOMES.map((outcome) => [outcome, fc.nat(1e9)])));
    fc.assert(
      fc.property(fc.array(counts, { maxLength: 3 }), (all) => {
        const runs = all.map((given) => {
          const filled = { ...summaryOf().counts, ...given };
          const planned = Object.values(filled).reduce((total, count) => total + count, 0);
          return { continued: false, folder: '/x', summary: summaryOf({ counts: filled, planned }) };
        });
        const samples = samplesOf(metricsText(jobEnd({ runs }), NO_HISTORY));
        const rows = OUTCOMES.map((outcome) =>
          samples.get(`tavus_purge_rows{job_name="nightly",outcome="${outcome}"}`),
        );
        const total = rows.reduce<number>((sum, count) => sum + Number(count), 0);
        expect(total).toBe(samples.get('tavus_purge_planned_rows{job_name="nightly"}'));
      }),
    );
  });

  test('whatever the job is called, each line is one sample of the format and the name can be read back', () => {
    fc.assert(
      fc.property(anyText, (job) => {
        const text = metricsText(jobEnd({ job }), NO_HISTORY);
        const lines = text.split('\n').filter((line) => !line.startsWith('#'));
        expect(lines.pop()).toBe('');
        const broken = lines.filter((line) => !SAMPLE.test(line));
        expect(broken).toEqual([]);
        expect(new Set(lines.map((line) => unescaped(SAMPLE.exec(line)?.[1] ?? '')))).toEqual(new Set([job]));
      }),
    );
  });

  test('each metric is introduced once, by a HELP and a TYPE right before its samples', () => {
    const blocks = GOLDEN.split(/^(?=# HELP)/m);
    for (const block of blocks) {
      const [, name = ''] = /^# HELP (\w+) [^\n]+\n# TYPE \1 gauge\n/.exec(block) ?? [];
      expect(name).toMatch(/^tavus_purge_[a-z_]+$/);
      const others = block.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      expect(others.every((line) => line.startsWith(`${name}{`))).toBe(true);
    }
    expect(new Set(blocks.map((block) => block.split(' ')[2])).size).toBe(blocks.length);
  });

  test('all outcomes and all reasons to skip are told', () => {
    for (const outcome of OUTCOMES) expect(GOLDEN).toContain(`,outcome="${outcome}"}`);
    for (const reason of SKIP_REASONS) expect(GOLDEN).toContain(`,reason="${reason}"}`);
  });
});

const SAMPLE =
  /^tavus_purge_[a-z_]+\{job_name="((?:[^"\\]|\\["\\n])*)"(?:,[a-z]+="[a-z0-9_]+")?\} -?\d+(?:\.\d+)?$/u;

function unescaped(value: string): string {
  return value.replaceAll(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}
