import { printable } from '../printable.ts';
import type { ReadApi, Resolution } from '../ports.ts';
import type { Kind } from '../types.ts';
import { fieldsOf, readBody } from './answer-body.ts';
import { classifyAnswer } from './classify-answer.ts';
import type { ReadingContext } from './classify-answer.ts';
import { openConnection } from './connection.ts';
import type { ClientOptions } from './connection.ts';
import { readHttpDate, readIsoInstant } from './dates.ts';
import { lookupPath } from './deletion-url.ts';
import type { Observation } from './observation.ts';

/** The client that a planner is given: it can look an ID up (GET) and do nothing else. Asks once, never retries. */
export function openReadClient(options: ClientOptions): ReadApi {
  const { now, scrub } = options;
  const connection = openConnection<Lookup, Resolution>(
    {
      method: 'GET',
      pathOf: ({ kind, id }) => lookupPath(kind, id),
      read: (observation, lookup) => readResolution(observation, { ...lookup, scrub, now: now() }),
    },
    options,
  );
  return {
    resolve: (kind, id, sending) => connection.exchange({ kind, id }, sending),
    close: () => connection.close(),
  };
}

interface Lookup {
  readonly kind: Kind;
  readonly id: string;
}

interface LookupContext extends ReadingContext, Lookup {}

/** What a GET's answer says about an ID. Anything but a whole, documented answer about this very ID is `unknown`. */
function readResolution(observation: Observation, context: LookupContext): Resolution {
  // A GET is answered with the same errors as a DELETE (TAVUS-API.md 4, 6, 7), so they are read by the same table.
  const { outcome, detail } = classifyAnswer(observation, context);
  if (outcome === 'not_found') return { state: 'gone', detail };
  if (outcome !== 'deleted' || observation.kind !== 'answer') return { state: 'unknown', detail };
  return readRecord(observation.body, context);
}

function readRecord(text: string, { kind, id, scrub }: LookupContext): Resolution {
  const record = fieldsOf(readBody(text)) ?? {};
  // Replicas are called faces since 2026 (TAVUS-API.md 10); both names are read.
  const field = (name: string): string | undefined =>
    kind === 'video'
      ? textField(record, `video_${name}`)
      : (textField(record, `replica_${name}`) ?? textField(record, `face_${name}`));
  if (field('id') !== id) return { state: 'unknown', detail: `the answer is not about this ${kind}` };
  const type = kind === 'replica' ? field('type') : undefined;
  const status = textField(record, 'status') ?? 'no status';
  const owned = type === undefined || type === 'user';
  return {
    state: 'present',
    name: printable(scrub(field('name') ?? ''), 200),
    status: printable(scrub(owned ? status : `${status} (${type})`), 100),
    createdAt: readInstant(textField(record, 'created_at') ?? ''),
  };
}

function readInstant(text: string): number | null {
  return readHttpDate(text) ?? readIsoInstant(text);
}

function textField(record: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = Object.hasOwn(record, name) ? record[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}
