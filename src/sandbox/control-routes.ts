import type { Hono } from 'hono';
import { messageOf, PurgeError } from '../errors.ts';
import { DECOY_PATH } from './answers.ts';
import type { SandboxControls } from './create-sandbox.ts';
import type { SandboxEnv } from './deliver.ts';
import type { RecordedRequest } from './request-log.ts';

/** Adds the routes below `/__sandbox/`, which need no key, are never troubled and count nowhere. */
export function addControlRoutes(
  app: Hono<SandboxEnv>,
  sandbox: SandboxControls,
  onDecoy: (withKey: boolean) => void,
): void {
  app.get('/__sandbox/state', (c) => {
    if (c.req.query('brief') === undefined) return c.json(sandbox.state());
    const { deleted, perId, ...brief } = sandbox.state();
    return c.json({ ...brief, deletions: deleted.length, ids: Object.keys(perId).length });
  });
  app.get('/__sandbox/requests', (c) =>
    c.body(ReadableStream.from(ndjson(sandbox.requests())), 200, { 'content-type': 'application/x-ndjson' }),
  );
  app.post('/__sandbox/options', async (c) => {
    try {
      sandbox.set(JSON.parse(await c.req.text()));
      return c.json({});
    } catch (error) {
      const details = error instanceof PurgeError ? error.details : [];
      return c.json({ error: messageOf(error), details }, 400);
    }
  });
  app.post('/__sandbox/reset', (c) => {
    sandbox.reset();
    return c.json({});
  });
  app.all(DECOY_PATH, (c) => {
    onDecoy(c.req.header('x-api-key') !== undefined);
    return c.body(null, 200);
  });
}

/** The records as lines, in chunks of bounded size. */
function* ndjson(records: readonly RecordedRequest[]): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  for (let start = 0; start < records.length; start += 1000) {
    const lines = records.slice(start, start + 1000).map((record) => `${JSON.stringify(record)}\n`);
    yield encoder.encode(lines.join(''));
  }
}
