import { spawnSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync, statfsSync, unlinkSync, writeSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { rounded, shown, spread } from './statistics.ts';

const TMPFS = 0x0102_1994;
const SYNCS = 50;

/** What a reader needs to know about the machine in order to judge the figures: lines of text without any path. */
export function describeMachine(scratch: string): readonly string[] {
  const processors = cpus();
  return [
    `${processors[0]?.model ?? 'unknown CPU'}, ${processors.length} cores, ${rounded(totalmem() / 2 ** 30)} GiB of memory, ${type()} ${release()}`,
    `Node ${process.versions.node} (V8 ${process.versions.v8}, SQLite ${process.versions['sqlite'] ?? '?'}), ${firstLine('curl', '--version')}`,
    describeDisk(scratch),
  ];
}

/** How long a durable write takes: what waits for the disk cannot be faster. */
function describeDisk(folder: string): string {
  if (statfsSync(folder).type === TMPFS) return 'The disk is memory (tmpfs): syncing it costs nothing.';
  const file = join(folder, 'sync');
  const fd = openSync(file, 'w');
  const block = Buffer.alloc(4_096);
  const took = Array.from({ length: SYNCS }, () => {
    const started = performance.now();
    writeSync(fd, block);
    fsyncSync(fd);
    return performance.now() - started;
  });
  closeSync(fd);
  unlinkSync(file);
  return `Appending 4 KiB to a file and syncing it takes ${shown(spread(took), ' ms')}.`;
}

function firstLine(program: string, argument: string): string {
  const { stdout } = spawnSync(program, [argument], { encoding: 'utf8' });
  return stdout?.split('\n')[0]?.split(' ').slice(0, 2).join(' ') ?? `no ${program}`;
}
