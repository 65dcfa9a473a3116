import { TOOL } from '../version.ts';

/** How requests introduce themselves, so that the API's operator can tell whose run they belong to. */
export function userAgent(runId: string): string {
  return `${TOOL.name}/${TOOL.version} (run ${runId})`;
}
