import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** The programs in C that the benchmark builds for itself. */
export interface NativePrograms {
  readonly server: string;
  readonly measure: string;
}

/** Compiles them into `folder`; `null` when this machine has no C compiler or is no Linux. */
export function buildNativePrograms(folder: string): NativePrograms | null {
  if (process.platform !== 'linux' || !isInstalled('cc')) return null;
  return { server: compile('server', folder), measure: compile('measure', folder) };
}

/** Whether a program of this name can be started. */
export function isInstalled(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
}

function compile(name: string, folder: string): string {
  const program = join(folder, name);
  const source = join(import.meta.dirname, 'native', `${name}.c`);
  const { status, stderr } = spawnSync('cc', ['-O2', '-Wall', '-Wextra', '-o', program, source], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`cc cannot compile ${name}.c: ${stderr}`);
  return program;
}
