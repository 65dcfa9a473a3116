import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newCanary } from '../helpers/canary.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const { key } = newCanary();
const FORMS: readonly (readonly [string, (key: string) => string | Uint8Array])[] = [
  ['as it is', (key) => `x-api-key: ${key}\r\n`],
  ['in JSON', (key) => JSON.stringify({ detail: key })],
  ['in a URL', (key) => `https://a/?k=${encodeURIComponent(key)}`],
  ['as base64', (key) => Buffer.from(key).toString('base64')],
  ['as base64url behind a user', (key) => Buffer.from(`me:${key}`).toString('base64url')],
  ['as base64 behind two letters', (key) => Buffer.from(`u:${key}`).toString('base64')],
  ['as hex', (key) => Buffer.from(key).toString('hex')],
  ['as UTF-16', (key) => Buffer.from(`ab${key}`, 'utf16le')],
  ['cut off at its start', (key) => key.slice(20)],
  ['cut off at its end', (key) => key.slice(0, 17)],
];

test.each(FORMS)('the search finds a key %s', (_, form) => {
  const canary = newCanary();
  expect(canary.hitsIn('there', form(canary.key))).not.toEqual([]);
  expect(canary.hitsIn('there', form(key))).toEqual([]);
});

test('the search finds a key in hidden files, in names, in what a process prints, in its title and at its children', async () => {
  const folder = await temporaryFolder();
  const canary = newCanary();
  await writeFile(join(folder, '.run.db-wal'), `\0\0${canary.key}`);
  await writeFile(join(folder, canary.key.slice(0, 12).replaceAll(/[^\w]/g, '_')), '');
  expect(await canary.hitsBelow(folder)).toHaveLength(2);

  const inherit = `require('node:child_process').spawn('sleep',['0.3'],{env:{K:process.env.K}});`;
  const programs = [
    'console.log(process.env.K)',
    'console.error(process.env.K)',
    'process.title = process.env.K; setTimeout(() => {}, 300)',
    `${inherit} setTimeout(() => {}, 300)`,
  ];
  for (const program of programs) {
    const watcher = newCanary();
    const child = spawn(process.execPath, ['-e', program], {
      env: { PATH: '/bin:/usr/bin', K: watcher.key },
    });
    watcher.watch(child);
    await once(child, 'close');
    expect(watcher.hitsOfProcesses(), program).not.toEqual([]);
  }
});
