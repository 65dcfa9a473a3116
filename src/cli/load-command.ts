import type { Command } from './command-context.ts';
import type { CommandName } from './option-spec.ts';

/** The code of each command, loaded when it is needed: help and mistakes stay quick. */
const LOADERS: Readonly<Record<Exclude<CommandName, 'completion'>, () => Promise<Command>>> = {
  plan: async () => (await import('./commands/plan.ts')).runPlan,
  apply: async () => (await import('./commands/apply.ts')).runApply,
  resume: async () => (await import('./commands/resume.ts')).runResume,
  job: async () => (await import('./commands/job.ts')).runJobCommand,
  report: async () => (await import('./commands/report.ts')).runReport,
  runs: async () => (await import('./commands/runs.ts')).runRuns,
  doctor: async () => (await import('./commands/doctor.ts')).runDoctor,
  sandbox: async () => (await import('./commands/sandbox.ts')).runSandbox,
};

/** The function that carries out a command. */
export function loadCommand(name: Exclude<CommandName, 'completion'>): Promise<Command> {
  return LOADERS[name]();
}
