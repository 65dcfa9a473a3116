import type { RunningSandbox } from './start-sandbox.ts';

/** What a person needs to use a running sandbox, line by line: address, key, IDs to try, switches, and the commands. */
export function describeSandbox(running: RunningSandbox): string[] {
  const { url, apiKey } = running;
  const { videos, replicas } = running.state();
  const examples = running.examples(2);
  const ids = [
    ...examples.videos.map((id) => `${id} (video)`),
    ...examples.replicas.map((id) => `${id} (replica)`),
  ];
  return [
    `A fake Tavus API is listening on ${url}; nothing that it deletes is real.`,
    `  API key   ${apiKey}`,
    `  objects   ${videos.live} videos, ${replicas.live} replicas`,
    ...(ids.length === 0 ? [] : [`  such as   ${ids.join(', ')}`]),
    '',
    'Try tavus-purge on it, with a manifest of those IDs:',
    `  TAVUS_API_KEY=${apiKey} npx tavus-purge plan manifest.csv --base-url ${url}`,
    `  TAVUS_API_KEY=${apiKey} npx tavus-purge apply manifest.csv --base-url ${url}`,
    '',
    'See what it really deleted, and every DELETE that arrived:',
    `  curl ${url}/__sandbox/state`,
    `  curl ${url}/__sandbox/requests`,
    '',
    'Make trouble while it runs (all of it: throttle, errors, resetBefore, resetAfter, hang, html, redirect, latencyMs,',
    'rateLimit, outageAfter, revokeKeyAfter, script; null switches one off), and start afresh:',
    `  curl ${url}/__sandbox/options -d '{"throttle": {"rate": 0.2, "retryAfter": "2"}, "resetAfter": 0.05}'`,
    `  curl ${url}/__sandbox/options -d '{"revokeKeyAfter": 0}'`,
    `  curl -X POST ${url}/__sandbox/reset`,
  ];
}
