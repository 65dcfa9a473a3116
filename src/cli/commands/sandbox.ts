import { once } from 'node:events';
import { EXIT_CODES } from '../../errors.ts';
import type { CommandContext } from '../command-context.ts';

/** `sandbox`: a fake API on this machine until a signal ends it. */
export async function runSandbox(context: CommandContext): Promise<number> {
  const { startSandbox } = await import('../../sandbox/start-sandbox.ts');
  const { describeSandbox } = await import('../../sandbox/describe-sandbox.ts');
  const { terminal, stop, settings } = context;
  const { port, videos, replicas, seed, acceptAnyId, latency, errorRate, throttleRate, lostAnswerRate } =
    settings.values;
  const running = await startSandbox({
    port,
    videos,
    replicas,
    seed,
    acceptAnyId,
    ...(latency === undefined ? {} : { latencyMs: [latency, latency] }),
    ...(errorRate === undefined ? {} : { errors: { rate: errorRate } }),
    ...(throttleRate === undefined ? {} : { throttle: { rate: throttleRate } }),
    ...(lostAnswerRate === undefined ? {} : { resetAfter: lostAnswerRate }),
  });
  // The one key that is there to be shown: the sandbox's own, which is none of anybody's account.
  terminal.reveal(running.apiKey);
  terminal.print(`${describeSandbox(running).join('\n')}\n\nCtrl-C ends it.`);
  if (!stop.aborted) await once(stop, 'abort');
  await running.close();
  return EXIT_CODES.ok;
}
