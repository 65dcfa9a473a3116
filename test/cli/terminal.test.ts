import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { confirmationPhrase } from '../../src/cli/confirm.ts';
import { nearest } from '../../src/did-you-mean.ts';
import { openLogFile } from '../../src/cli/log-file.ts';
import { createLog, shortLine } from '../../src/cli/logging.ts';
import { counted, formatCount } from '../../src/numbers.ts';
import { shellCommand } from '../../src/cli/shell-words.ts';
import { renderTable } from '../../src/cli/table.ts';
import { paintNothing, type Terminal } from '../../src/cli/terminal.ts';
import { scrubberFor } from '../../src/scrub.ts';
import type { KindModeCount, PlanHeader } from '../../src/types.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const KEY = 'canary-key-7f3d9a1c5e2b';

/** A terminal that keeps what is said. */
function recorder(): { readonly terminal: Terminal; readonly said: string[] } {
  const said: string[] = [];
  const scrub = scrubberFor(KEY);
  const terminal: Terminal = {
    isInteractive: false,
    stderrIsTerminal: false,
    columns: 80,
    dataColumns: 80,
    paintData: paintNothing,
    paintWords: paintNothing,
    protect: () => undefined,
    reveal: () => undefined,
    scrub,
    print: (text) => said.push(scrub(text)),
    say: (text) => said.push(scrub(text)),
    showStatus: (line) => said.push(line),
  };
  return { terminal, said };
}

function header(planned: number, counts: readonly KindModeCount[]): PlanHeader {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that the phrase is made of
  return { planned, counts } as PlanHeader;
}

describe('the phrase to type', () => {
  test('names the amount, and says when something is irrevocable', () => {
    const soft: KindModeCount = { kind: 'video', mode: 'soft', count: 1205 };
    const hard: KindModeCount = { kind: 'replica', mode: 'hard', count: 35 };
    expect(confirmationPhrase(header(1205, [soft]))).toBe('delete 1205');
    expect(confirmationPhrase(header(35, [hard]))).toBe('hard-delete 35');
    expect(confirmationPhrase(header(1240, [soft, hard]))).toBe('hard-delete 1240');
  });
});

describe('the log of a run', () => {
  test('is private, is appended to, and holds the key in no form', async () => {
    const folder = await temporaryFolder();
    for (const life of [1, 2]) {
      const log = createLog(recorder().terminal, { level: 'info', format: undefined, shows: 'all' });
      log.keepIn(folder);
      log.warn(`the key is ${KEY}`, { life, detail: Buffer.from(KEY).toString('base64') });
      log.debug('not written');
      log.close();
    }
    const file = path.join(folder, 'log.ndjson');
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: 'warn', life: 1, detail: '[API key]', msg: 'the key is [API key]' },
      { level: 'warn', life: 2 },
    ]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('is never written through a link', async () => {
    const folder = await temporaryFolder();
    const victim = path.join(folder, 'victim');
    writeFileSync(victim, 'untouched');
    symlinkSync(victim, path.join(folder, 'log.ndjson'));
    expect(() => openLogFile(folder, () => undefined)).toThrow(/cannot be written/);
    expect(readFileSync(victim, 'utf8')).toBe('untouched');
  });

  test('that is quiet says warnings only, and that is silent nothing', () => {
    const quiet = recorder();
    const log = createLog(quiet.terminal, { level: 'debug', format: 'json', shows: 'warnings' });
    log.info('hidden');
    log.warn('shown');
    const said: unknown[] = quiet.said.map((line) => JSON.parse(line));
    expect(said).toMatchObject([{ msg: 'shown' }]);
    const silent = recorder();
    createLog(silent.terminal, { level: 'silent', format: 'json', shows: 'all' }).error('hidden');
    expect(silent.said).toEqual([]);
  });

  test('shows control characters of the outside world instead of obeying them', () => {
    const line = JSON.stringify({
      level: 'info',
      time: '2026-03-01T10:00:00.000Z',
      msg: 'a\u001B[2J\nb',
    });
    expect(shortLine(line)).toBe('10:00:00 info  a<U+001B>[2J<U+000A>b');
  });
});

describe('words for people', () => {
  test('numbers have separators and nouns their plural', () => {
    expect(formatCount(1_234_567)).toBe('1,234,567');
    expect([counted(1, 'video'), counted(1240, 'retry', 'retries')]).toEqual(['1 video', '1,240 retries']);
  });

  test('tables are aligned, and what stands in them cannot break out', () => {
    const table = renderTable(
      [{ title: 'id' }, { title: 'n', align: 'right' }],
      [
        ['a\nb', '1'],
        ['c', '20'],
      ],
    );
    expect(table.split('\n')).toEqual(['id           n', 'a<U+000A>b   1', 'c           20']);
  });

  test('a command can be pasted into a shell whatever its words are', () => {
    expect(shellCommand(['tavus-purge', "it's; rm -rf $HOME", 'a b'])).toBe(
      `tavus-purge 'it'\\''s; rm -rf $HOME' 'a b'`,
    );
  });

  test('a mistyped word finds its neighbour, a foreign one none', () => {
    expect(nearest('aply', ['plan', 'apply'])).toBe('apply');
    expect(nearest('xyzzy', ['plan', 'apply'])).toBeUndefined();
  });
});
