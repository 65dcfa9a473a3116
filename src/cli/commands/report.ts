import { EXIT_CODES } from '../../errors.ts';
import { printableJson } from '../../printable.ts';
import type { CommandContext } from '../command-context.ts';
import { renderRunEnd } from '../render-run.ts';

/** `report`: writes the result files of a run again. */
export async function runReport(context: CommandContext): Promise<number> {
  const { writeRunReport } = await import('../../library.ts');
  const { terminal, settings, stateDir, words } = context;
  const { out, json, quiet } = settings.values;
  const written = await writeRunReport({
    stateDir,
    run: words[0] ?? '',
    ...(out === undefined ? {} : { out }),
  });
  if (json) terminal.print(printableJson(written.summary, 2));
  else if (!quiet) terminal.print(renderRunEnd(written, terminal.paintData));
  return EXIT_CODES.ok;
}
