import * as z from 'zod';
import { PurgeError } from '../errors.ts';
import { isSafeId } from '../ids.ts';
import { printable } from '../printable.ts';
import { parseBehaviour } from './behaviour.ts';
import type { Behaviour } from './behaviour.ts';
import { SANDBOX_API_KEY } from './options.ts';
import type { SandboxOptions, Share, SwitchChanges } from './options.ts';

/** Options with every default filled in and every word of the script read. `Infinity` is never, or without end. */
export interface CheckedOptions {
  readonly seed: number;
  readonly videos: number;
  readonly replicas: number;
  readonly stockReplicas: number;
  readonly ids: { readonly videos: readonly string[]; readonly replicas: readonly string[] };
  readonly acceptAnyId: boolean;
  readonly recordRequests: boolean;
  readonly maxRecords: number;
  readonly clockSkewMs: number;
  readonly apiKeys: readonly string[];
  readonly successStatus: 200 | 204;
  readonly softTwice: 'ok' | 'invalid';
  readonly latencyMs: readonly [number, number];
  readonly throttle: { readonly rate: Share; readonly retryAfter: string | null };
  readonly errors: {
    readonly rate: Share;
    readonly statuses: readonly number[];
    readonly appliedShare: Share;
  };
  readonly resetBefore: Share;
  readonly resetAfter: Share;
  readonly hang: Share;
  readonly hangApplied: Share;
  readonly html: Share;
  readonly redirect: Share;
  readonly outageAfter: number;
  readonly outageForMs: number;
  readonly outageAs: 'reset' | '503' | 'hang';
  readonly revokeKeyAfter: number;
  readonly rateLimit: {
    readonly count: number;
    readonly windowMs: number;
    readonly retryAfterSeconds: number;
  } | null;
  readonly script: ReadonlyMap<string, readonly Behaviour[]>;
}

const share = z.number().min(0).max(1);
const count = z.int().min(0).max(5_000_000);
const milliseconds = z.int().min(0).max(86_400_000);
const status = z.int().min(400).max(599);
const id = z.string().refine(isSafeId, { error: 'expected an ID: 4 to 64 of A-Z a-z 0-9 _ -' });
const headerText = z.string().regex(/^[\x20-\x7e]{1,100}$/, { error: 'expected printable ASCII' });
const word = z.string().transform((text, context) => {
  const behaviour = parseBehaviour(text);
  if (behaviour !== undefined) return behaviour;
  context.addIssue({
    code: 'custom',
    message: `${quoted(text)} is no behaviour, see src/sandbox/behaviour.ts`,
  });
  return z.NEVER;
});

const SCHEMA = z
  .strictObject({
    seed: z.int().min(0).max(0xff_ff_ff_ff).default(1),
    videos: count.default(25),
    replicas: count.default(6),
    stockReplicas: count.default(4),
    ids: z
      .strictObject({ videos: z.array(id).default([]), replicas: z.array(id).default([]) })
      .default({ videos: [], replicas: [] }),
    acceptAnyId: z.boolean().default(false),
    recordRequests: z.boolean().default(true),
    maxRecords: count.default(250_000),
    clockSkewMs: z.int().default(0),
    apiKeys: z
      .array(z.string().regex(/^[\x21-\x7e]{8,200}$/, { error: 'expected 8 or more printable characters' }))
      .min(1)
      .default([SANDBOX_API_KEY]),
    successStatus: z.union([z.literal(200), z.literal(204)]).default(200),
    softTwice: z.enum(['ok', 'invalid']).default('invalid'),
    latencyMs: z
      .tuple([milliseconds, milliseconds])
      .refine(([min, max]) => min <= max, { error: 'expected [min, max]' })
      .default([0, 0]),
    throttle: z
      .strictObject({ rate: share, retryAfter: headerText.nullable().default(null) })
      .default({ rate: 0, retryAfter: null }),
    errors: z
      .strictObject({
        rate: share,
        statuses: z.array(status).min(1).default([500, 502, 503, 504]),
        appliedShare: share.default(0),
      })
      .default({ rate: 0, statuses: [500], appliedShare: 0 }),
    resetBefore: share.default(0),
    resetAfter: share.default(0),
    hang: share.default(0),
    hangApplied: share.default(0),
    html: share.default(0),
    redirect: share.default(0),
    outageAfter: count.default(Number.POSITIVE_INFINITY),
    outageForMs: milliseconds.default(Number.POSITIVE_INFINITY),
    outageAs: z.enum(['reset', '503', 'hang']).default('reset'),
    revokeKeyAfter: count.default(Number.POSITIVE_INFINITY),
    rateLimit: z
      .strictObject({
        count: z.int().min(1),
        windowMs: milliseconds.min(1),
        retryAfterSeconds: z.int().min(0).max(86_400).default(1),
      })
      .nullable()
      .default(null),
    // A Map from the start: an ID may be spelled "__proto__", which z.record leaves out.
    script: z.preprocess(toMap, z.map(z.string(), z.array(word))).default(new Map()),
  })
  .superRefine((options, context) => {
    const { throttle, errors, resetBefore, resetAfter, hang, html, redirect } = options;
    const sum = throttle.rate + errors.rate + resetBefore + resetAfter + hang + html + redirect;
    if (sum <= 1 + 1e-9) return;
    context.addIssue({
      code: 'custom',
      message: `the rates of trouble add up to ${sum}; expected at most 1`,
    });
  });

/** Fills in the defaults. Throws a `usage` PurgeError that names every wrong option and what was expected. */
export function checkOptions(options: SandboxOptions): CheckedOptions {
  const result = SCHEMA.safeParse(options);
  if (result.success) return result.data;
  throw new PurgeError('usage', 'The sandbox does not understand its options.', {
    next: 'Correct the options named above; src/sandbox/options.ts explains each.',
    details: result.error.issues.map(
      (issue) => `${printable(issue.path.join('.') || 'options')}: ${printable(issue.message)}`,
    ),
  });
}

const SWITCHES: ReadonlySet<string> = new Set<keyof SwitchChanges>([
  'apiKeys',
  'successStatus',
  'softTwice',
  'latencyMs',
  'throttle',
  'errors',
  'resetBefore',
  'resetAfter',
  'hang',
  'hangApplied',
  'html',
  'redirect',
  'outageAfter',
  'outageForMs',
  'outageAs',
  'revokeKeyAfter',
  'rateLimit',
  'script',
]);

/** `options` with `changes`; `null` takes a switch back to its default. Throws a `usage` PurgeError for what cannot be changed. */
export function changeOptions(options: SandboxOptions, changes: unknown): SandboxOptions {
  if (typeof changes !== 'object' || changes === null || Array.isArray(changes)) {
    throw new PurgeError('usage', 'A change of the sandbox must be a JSON object of switches.', {
      next: 'Send for example {"revokeKeyAfter": 0}.',
    });
  }
  const fixed = Object.keys(changes).filter((name) => !SWITCHES.has(name));
  if (fixed.length > 0) {
    throw new PurgeError('usage', 'The sandbox cannot change this while it runs.', {
      next: `Change one of: ${[...SWITCHES].join(', ')}.`,
      details: fixed.map((name) => `${printable(name)}: is no switch`),
    });
  }
  const kept = Object.entries({ ...options, ...changes }).filter(([, value]) => value !== null);
  // `checkOptions` looks at every value before it is used.
  return Object.fromEntries(kept);
}

function quoted(text: string): string {
  return `"${printable(text, 60)}"`;
}

function toMap(value: unknown): unknown {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isRecord ? new Map(Object.entries(value)) : value;
}
