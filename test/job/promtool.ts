import { spawnSync } from 'node:child_process';

/** Why a test is skipped. */
export const NEEDS_PROMTOOL = 'needs promtool, of the package prometheus';

/** Whether Prometheus' own checker is there. */
export function hasPromtool(): boolean {
  return spawnSync('promtool', ['--version']).status === 0;
}
