import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isInstalled, type NativePrograms } from './native.ts';

/** A process to be measured. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** Where its standard output goes; nowhere when absent. */
  readonly stdoutFile?: string;
  /** The exit code it must end with; 0 when absent. */
  readonly exitCode?: number;
}

/** What a whole process used, with all its descendants. */
export interface Measurement {
  readonly wallMs: number;
  /** User and system time. */
  readonly cpuMs: number;
  /** The most memory the largest of its processes had at a time. */
  readonly peakMib: number;
}

/** Runs a command and measures it. Throws, with what it said, when it does not end as it must. */
export type Measure = (command: Command) => Promise<Measurement>;

/** Measures with the program in C, else with GNU time, which knows hundredths of a second. `null` without either. */
export function chooseMeasure(native: NativePrograms | null, scratch: string): Measure | null {
  const file = join(scratch, 'measured');
  if (native !== null) return (command) => measureWith([native.measure, file], command, fromOurs);
  if (!isInstalled('/usr/bin/time')) return null;
  const gnuTime = ['/usr/bin/time', '--quiet', '-o', file, '-f', '%e %U %S %M'];
  return (command) => measureWith(gnuTime, command, fromGnuTime);

  async function measureWith(
    wrapper: readonly string[],
    command: Command,
    read: (text: string) => Measurement,
  ): Promise<Measurement> {
    await runToEnd({
      ...command,
      file: wrapper[0] ?? '',
      args: [...wrapper.slice(1), command.file, ...command.args],
    });
    return read(readFileSync(file, 'utf8'));
  }

  async function runToEnd({ file, args, stdoutFile, exitCode = 0 }: Command): Promise<void> {
    const saidFile = join(scratch, 'stderr');
    const stdout = openSync(stdoutFile ?? '/dev/null', 'w');
    const stderr = openSync(saidFile, 'w');
    const child = spawn(file, args, { stdio: ['ignore', stdout, stderr], env: environment() });
    closeSync(stdout);
    closeSync(stderr);
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    if (code === exitCode) return;
    const said = readFileSync(saidFile, 'utf8').slice(-2_000);
    throw new Error(`${args.join(' ')}\nended with ${code ?? signal} instead of ${exitCode}:\n${said}`);
  }
}

/** Starts a process that is not measured as a whole; what it says is not shown. */
export function start({ file, args }: Command): ChildProcess {
  return spawn(file, args, { stdio: 'ignore', env: environment() });
}

/** Nothing of the reader's own settings may change what is measured, or lead it to a real account. */
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(?:TAVUS_|NODE_|npm_)/.test(name) && !/^(?:https?|all|no)_proxy$/i.test(name),
  );
  return { ...Object.fromEntries(own), TAVUS_API_KEY: SANDBOX_KEY };
}

/** A key that is none. */
export const SANDBOX_KEY = 'sandbox-key-0001';

function fromOurs(text: string): Measurement {
  const { wallNs, userUs, systemUs, peakKib } = JSON.parse(text) as {
    readonly wallNs: number;
    readonly userUs: number;
    readonly systemUs: number;
    readonly peakKib: number;
  };
  return { wallMs: wallNs / 1e6, cpuMs: (userUs + systemUs) / 1e3, peakMib: peakKib / 1024 };
}

function fromGnuTime(text: string): Measurement {
  const [wall = NaN, user = NaN, system = NaN, peakKib = NaN] = text.trim().split(' ').map(Number);
  return { wallMs: wall * 1e3, cpuMs: (user + system) * 1e3, peakMib: peakKib / 1024 };
}
