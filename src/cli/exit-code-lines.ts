import { EXIT_CODES, type ExitName } from '../errors.ts';

const MEANINGS: Readonly<Record<ExitName, string>> = {
  ok: 'done, every row fine; or a plan was made',
  bug: 'a bug in tavus-purge',
  usage: 'bad usage, job file or manifest; nothing was sent',
  partial: 'finished, some rows are not fine',
  refused: 'refused by a guard; nothing was sent',
  interrupted: 'interrupted; continue with tavus-purge resume',
  stopped: 'stopped by the server side; a person must look',
  locked: 'another run holds this target',
  storage: 'local storage failed; nothing more was sent',
  has_deletions: 'with --detailed-exitcode only: the plan has deletions',
};

const EXIT_NAMES: readonly ExitName[] = Object.keys(EXIT_CODES).filter(isExitName);

/** The exit codes, for the end of every help text. */
export function exitCodeLines(): string {
  const lines = EXIT_NAMES.map((name) => `  ${String(EXIT_CODES[name]).padStart(2)}  ${MEANINGS[name]}`);
  return ['Exit codes:', ...lines].join('\n');
}

function isExitName(name: string): name is ExitName {
  return Object.hasOwn(EXIT_CODES, name);
}
