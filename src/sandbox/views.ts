import { pick, randomFor, wholeNumber } from './random.ts';
import type { ObjectState } from './account.ts';

/** What GET shows of an object; field names as in the API (design notes 3 to 6). */
export type View = Readonly<Record<string, unknown>>;

/** Generated objects are older than this moment, so that the same seed gives the same dates on every day. */
const NEWEST_AT = Date.UTC(2026, 5, 30);
const OLDEST_AGE_MS = 730 * 86_400_000;

const NAMES = [
  'Welcome',
  'Product tour',
  'Quarterly update',
  'Thank you',
  'Onboarding',
  'Invitation',
] as const;
const PEOPLE = ['Anna', 'Ben', 'Chloe', 'David', 'Elif', 'Farid'] as const;

/** A video as GET shows it; its dates are RFC 1123, unlike those of a replica. */
export function videoView(seed: number, id: string, state: ObjectState): View {
  const random = randomFor(seed, `view ${id}`);
  const createdAt = creation(random());
  const name = `${pick(random, NAMES)} ${wholeNumber(random, 1, 99)}`;
  return {
    video_id: id,
    video_name: name,
    status: state === 'live' ? 'ready' : 'deleted',
    data: { script: `Hello, this is "${name}".` },
    download_url: `https://stream.mux.com/${id}/high.mp4`,
    hosted_url: `https://tavus.video/${id}`,
    stream_url: `https://stream.mux.com/${id}.m3u8`,
    status_details: state === 'live' ? 'Your request has processed successfully!' : '',
    error_details: null,
    generation_progress: '100/100',
    replica_id: `r${id}`,
    created_at: new Date(createdAt).toUTCString(),
    updated_at: new Date(createdAt + 600_000).toUTCString(),
  };
}

/** A replica as GET shows it; its dates are ISO 8601. `replica_type` stands there only with `verbose`. */
export function replicaView(
  seed: number,
  id: string,
  { stock, verbose }: { stock: boolean; verbose: boolean },
): View {
  const random = randomFor(seed, `view ${id}`);
  const createdAt = creation(random());
  const view = {
    replica_id: id,
    replica_name: stock ? `${pick(random, PEOPLE)} - Office` : pick(random, PEOPLE),
    thumbnail_video_url: `https://cdn.replica.tavus.io/${id}/thumbnail.mp4`,
    training_progress: '100/100',
    status: 'completed',
    model_name: 'phoenix-3',
    error_message: null,
    created_at: new Date(createdAt).toISOString(),
    updated_at: new Date(createdAt + 3_600_000).toISOString(),
  };
  return verbose ? { ...view, replica_type: stock ? 'system' : 'user' } : view;
}

/** A creation time in ms, in whole seconds as RFC 1123 dates are. */
function creation(share: number): number {
  return NEWEST_AT - Math.floor((share * OLDEST_AGE_MS) / 1000) * 1000;
}
