import { applyPlan, PurgeError, resumeRun, type SavedPlan } from '../../src/index.ts';

export interface Ended {
  readonly exitCode: number;
  readonly message: string;
}

/** The plan, and what is needed to carry it out. */
export interface Recoverable {
  readonly saved: Pick<SavedPlan, 'folder' | 'runId' | 'header'>;
  readonly stateDir: string;
  readonly apiKey: string;
}

/** How the command line would end: with the exit code of a PurgeError, and 1 for everything else. */
export async function endOf(work: () => Promise<number>): Promise<Ended> {
  try {
    return { exitCode: await work(), message: '' };
  } catch (thrown) {
    if (thrown instanceof PurgeError) {
      return { exitCode: thrown.exitCode, message: `${thrown.message} next: ${thrown.next}` };
    }
    return {
      exitCode: 1,
      message: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
    };
  }
}

export function apply({ saved, stateDir, apiKey }: Recoverable): Promise<Ended> {
  const { runId: run, header } = saved;
  return endOf(async () => {
    const end = await applyPlan({ stateDir, run, apiKey, confirm: header.planId }).finished;
    return end.summary.exitCode;
  });
}

/** What an operator does after a run ended badly: resume, or apply when it never began. Says what went wrong, if anything. */
export async function recover(what: Recoverable): Promise<string[]> {
  const { saved, stateDir, apiKey } = what;
  const resumed = await endOf(async () => {
    const end = await resumeRun({ stateDir, apiKey, run: saved.runId }).finished;
    return end.summary.exitCode;
  });
  const neverBegan = resumed.exitCode === 4 && resumed.message.includes('was never applied');
  const { exitCode, message } = neverBegan ? await apply(what) : resumed;
  return exitCode === 0 || exitCode === 3 ? [] : [`recovering ended with ${exitCode}: ${message}`];
}
