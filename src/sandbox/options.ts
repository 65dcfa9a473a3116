/** What a sandbox can be told: its objects, and its switches for trouble. Every option has a default. */

/** The key that a sandbox accepts unless it is told others. */
export const SANDBOX_API_KEY = 'sandbox-key-0001';

/** A share of all requests, 0 to 1. */
export type Share = number;

/** Switches that can also be changed while the sandbox runs. All trouble is off by default. */
interface SandboxSwitches {
  /** Keys that are accepted; every other answers 401. Default: `SANDBOX_API_KEY`. */
  readonly apiKeys?: readonly string[] | undefined;
  /** Status of a successful delete, whose body is empty: documented is 200, seen by clients is 204. Default 200. */
  readonly successStatus?: 200 | 204 | undefined;
  /** What a second soft delete answers (undocumented): success, or 400 `Invalid …_id`. Default `invalid`. */
  readonly softTwice?: 'ok' | 'invalid' | undefined;
  /** Every answer comes this much later, evenly spread, in ms. A delete is applied when its request arrives. Default [0, 0]. */
  readonly latencyMs?: readonly [number, number] | undefined;
  /** 429 by chance, with this `Retry-After` text if given (`date+5`: an HTTP date 5 s ahead). */
  readonly throttle?: { readonly rate: Share; readonly retryAfter?: string | undefined } | undefined;
  /** Error statuses by chance (default 500, 502, 503, 504); `appliedShare` of them delete nevertheless (default 0). */
  readonly errors?:
    | {
        readonly rate: Share;
        readonly statuses?: readonly number[] | undefined;
        readonly appliedShare?: Share | undefined;
      }
    | undefined;
  /** The connection is reset by chance and nothing is deleted. Default 0. */
  readonly resetBefore?: Share | undefined;
  /** The delete is applied, then the connection is reset, by chance. Default 0. */
  readonly resetAfter?: Share | undefined;
  /** No answer ever, by chance. Default 0. */
  readonly hang?: Share | undefined;
  /** The share of hanging deletes that are applied. Default 0. */
  readonly hangApplied?: Share | undefined;
  /** A portal's HTML with status 200, 404 or 502, by chance; nothing is deleted. Default 0. */
  readonly html?: Share | undefined;
  /** A redirect (302) to a decoy that counts its visitors, by chance; nothing is deleted. Default 0. */
  readonly redirect?: Share | undefined;
  /** After this many requests (since the start or `reset`) nothing answers any more; 0 is at once. Default: never. */
  readonly outageAfter?: number | undefined;
  /** How long an outage lasts from its first refused request, in ms. Default: until the switch is changed. */
  readonly outageForMs?: number | undefined;
  /** How an outage looks: connections reset, status 503, or no answer. Default `reset`. */
  readonly outageAs?: 'reset' | '503' | 'hang' | undefined;
  /** After this many requests every key answers 401; 0 is at once. Default: never. */
  readonly revokeKeyAfter?: number | undefined;
  /** A real limit: more than `count` accepted requests in any `windowMs` answer 429. Default: none. */
  readonly rateLimit?:
    | { readonly count: number; readonly windowMs: number; readonly retryAfterSeconds?: number | undefined }
    | undefined;
  /**
   * What the first DELETEs of an ID meet, one word each (see `behaviour.ts`); afterwards it behaves normally. Keys: an ID,
   * `*` for every ID without an own entry, `GET <id>` or `GET *` for look-ups. Takes precedence over trouble by chance.
   */
  readonly script?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** Everything a sandbox can be told when it starts. */
export interface SandboxOptions extends SandboxSwitches {
  /** Decides the generated objects and all chance. Default 1. */
  readonly seed?: number | undefined;
  /** How many videos are generated (IDs of 10 hex digits). Default 25. */
  readonly videos?: number | undefined;
  /** How many replicas of the account are generated (IDs: `r` and 11 hex digits). Default 6. */
  readonly replicas?: number | undefined;
  /** How many stock replicas stand in unfiltered lists, and can never be deleted. Default 4. */
  readonly stockReplicas?: number | undefined;
  /** Objects that exist besides the generated ones. */
  readonly ids?:
    | { readonly videos?: readonly string[] | undefined; readonly replicas?: readonly string[] | undefined }
    | undefined;
  /** Every unknown ID of a kind's shape exists until it is deleted (it stands in no list before). Default false. */
  readonly acceptAnyId?: boolean | undefined;
  /** Keep one record for every DELETE. Default true. */
  readonly recordRequests?: boolean | undefined;
  /** How many records are kept; more are counted in `requests.unrecorded`. Default 250,000. */
  readonly maxRecords?: number | undefined;
  /** The server's clock is ahead by this much (`Date` header, HTTP dates), in ms. Default 0. */
  readonly clockSkewMs?: number | undefined;
}

/** A change of switches at run time; `null` puts a switch back to its default. */
export type SwitchChanges = { readonly [Name in keyof SandboxSwitches]?: SandboxSwitches[Name] | null };
