import { describe, expect, test } from 'vitest';

import { Approval } from '../../src/approval.ts';
import { PurgeError } from '../../src/errors.ts';
import { openDeleteClient } from '../../src/tavus/delete-client.ts';
import { openReadClient } from '../../src/tavus/read-client.ts';
import { API_KEY, VIDEO, approvalFor, clientOptions, deleteClient, mayLeave } from './clients.ts';

const BASE_URL = 'http://127.0.0.1:9';

describe('openDeleteClient', () => {
  test('throws for an approval that the guards did not make', () => {
    const real = approvalFor(BASE_URL, API_KEY);
    for (const forged of [
      Object.assign(Object.create(null), real),
      Object.create(Approval.prototype),
      Object.create(real),
      undefined,
      true,
    ]) {
      expect(() => openDeleteClient(forged, clientOptions(BASE_URL))).toThrow(/without an approval/);
    }
  });

  test('throws when the approval is for another base URL', () => {
    const approval = approvalFor('https://tavusapi.com', API_KEY);
    expect(() => openDeleteClient(approval, clientOptions(BASE_URL))).toThrow(PurgeError);
  });

  test('throws when the approval is for another key, and shows neither', () => {
    const approval = approvalFor(BASE_URL, API_KEY);
    const open = (): unknown =>
      openDeleteClient(approval, clientOptions(BASE_URL, { apiKey: 'another-key-1234' }));
    expect(open).toThrow(/The approval is for the key [0-9a-f]{8}, not for this one/);
  });

  test('throws a usage error for a key that no header can carry, without showing it', () => {
    const apiKey = 'secret\r\nx-evil: 1';
    const open = (): unknown =>
      openDeleteClient(approvalFor(BASE_URL, apiKey), clientOptions(BASE_URL, { apiKey }));
    expect(open).toThrow(/has white space, control or non-ASCII characters in it; its value is not shown/);
  });

  test('rejects for a bug of ours, such as a user agent that is no header, instead of trying again', async () => {
    const client = deleteClient(BASE_URL, { userAgent: 'a\r\nb' });
    await expect(client.send(VIDEO, { timeoutMs: 1_000 }, mayLeave)).rejects.toThrow(
      /invalid user-agent header/,
    );
    await client.close();
  });
});

test('the client that a planner gets has no way to delete', async () => {
  const client = openReadClient(clientOptions(BASE_URL));
  expect(Object.keys(client).toSorted()).toEqual(['close', 'resolve']);
  await client.close();
});
