import { Approval } from '../../src/approval.ts';
import type { AttemptEnd, DeleteApi, ReadApi } from '../../src/ports.ts';
import { scrubberFor } from '../../src/scrub.ts';
import { openDeleteClient } from '../../src/tavus/delete-client.ts';
import type { ClientOptions } from '../../src/tavus/connection.ts';
import { openReadClient } from '../../src/tavus/read-client.ts';
import { keyFingerprint } from '../../src/tavus/target.ts';
import type { PlannedDeletion } from '../../src/types.ts';

export const API_KEY = 'canary-3f9a7c51e2d84b06';
export const NOW = Date.UTC(2026, 10, 22, 12);

export const VIDEO: PlannedDeletion = { row: 1, kind: 'video', id: '8a4f94e736', mode: 'soft' };
export const REPLICA: PlannedDeletion = { row: 2, kind: 'replica', id: 'rf4e9d9790f0', mode: 'hard' };

/** For requests that nothing keeps back. */
export const mayLeave = (): boolean => true;

export function clientOptions(baseUrl: string, more: Partial<ClientOptions> = {}): ClientOptions {
  return {
    baseUrl,
    apiKey: API_KEY,
    concurrency: 1,
    userAgent: 'tavus-purge/0.0.0 (run test)',
    scrub: scrubberFor(API_KEY),
    now: () => NOW,
    ...more,
  };
}

export function deleteClient(baseUrl: string, more: Partial<ClientOptions> = {}): DeleteApi {
  const options = clientOptions(baseUrl, more);
  return openDeleteClient(approvalFor(baseUrl, options.apiKey), options);
}

export function readClient(baseUrl: string, more: Partial<ClientOptions> = {}): ReadApi {
  return openReadClient(clientOptions(baseUrl, more));
}

/** One DELETE with a client of its own. */
export async function sendOnce(
  baseUrl: string,
  { timeoutMs = 5_000, deletion = VIDEO, ...more }: SendOnceOptions = {},
): Promise<AttemptEnd['verdict']> {
  const client = deleteClient(baseUrl, more);
  try {
    return (await client.send(deletion, { timeoutMs }, mayLeave)).verdict;
  } finally {
    await client.close();
  }
}

export interface SendOnceOptions extends Partial<ClientOptions> {
  readonly timeoutMs?: number;
  readonly deletion?: PlannedDeletion;
}

/** An approval as the guards give it for a run that was confirmed before. */
export function approvalFor(baseUrl: string, apiKey: string): Approval {
  const planId = 'ab'.repeat(32);
  const target = { baseUrl, keyFingerprint: keyFingerprint(apiKey) };
  return Approval.approveResume({
    target,
    toolMajor: 0,
    counts: { planned: 0, byKindAndMode: [] },
    digest: planId,
    mismatches: [],
    finished: false,
    header: {
      schemaVersion: 1,
      tool: { name: 'tavus-purge', version: '0.0.0' },
      mode: 'plan',
      runId: 'test',
      planId,
      target,
      createdAt: '2026-11-22T12:00:00.000Z',
      sources: [],
      planned: 0,
      counts: [],
      skipped: { held: 0, deleted_before: 0, invalid: 0 },
      duplicates: 0,
      guards: { maxDeletions: 0, maxHard: 0 },
      refused: [],
      holds: [],
      files: { sources: [], holds: [] },
      settings: {
        rate: { count: 5, windowMs: 1000 },
        concurrency: 1,
        attempts: 1,
        timeoutMs: 1000,
        maxDurationMs: null,
        allowNotFound: false,
      },
      estimate: { requests: 0, durationMs: 0 },
      warnings: [],
      planCsvSha256: '',
    },
  });
}
