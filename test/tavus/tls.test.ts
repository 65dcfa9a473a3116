import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';

import { sendOnce } from './clients.ts';
import { httpAnswer, startRawServer } from './raw-server.ts';
import type { RawServer } from './raw-server.ts';

interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** A self-signed certificate for one name or address, made by openssl. */
function certificateFor(subjectAltName: string): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'tavus-purge-tls-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    const named = ['-subj', '/CN=tavus-purge test', '-addext', `subjectAltName=${subjectAltName}`];
    execFileSync('openssl', ['req', '-x509', ...made, ...named, '-keyout', key, '-out', cert], {
      stdio: 'pipe',
    });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

const REFUSED = {
  applied: 'no',
  next: 'final',
  outcome: 'not_attempted',
  effect: { type: 'stop', reason: 'tls' },
  status: null,
};

describe.skipIf(!hasOpenssl() && process.env['CI'] === undefined)('TLS (needs openssl)', () => {
  let certificate: Certificate;
  let server: RawServer;
  beforeAll(() => {
    certificate = certificateFor('IP:127.0.0.1');
  });
  afterEach(async () => {
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    await server.close();
  });

  async function start(tls: Certificate): Promise<void> {
    server = await startRawServer(({ socket }) => socket.write(httpAnswer(200)), { tls });
  }

  test('a certificate that is trusted is accepted, and the request is the same as without TLS', async () => {
    await start(certificate);
    const verdict = await sendOnce(server.origin, { tls: { ca: certificate.cert } });
    expect(verdict).toMatchObject({ applied: 'yes', outcome: 'deleted' });
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]).toMatch(
      /^DELETE \/v2\/videos\/8a4f94e736 HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\n/,
    );
  });

  test('a self-signed certificate stops the run before anything is sent', async () => {
    await start(certificate);
    const verdict = await sendOnce(server.origin);
    expect(verdict).toMatchObject(REFUSED);
    expect(verdict.detail).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(server.requests).toEqual([]);
  });

  test('a certificate for another name stops the run before anything is sent', async () => {
    const other = certificateFor('DNS:elsewhere.example');
    await start(other);
    const verdict = await sendOnce(server.origin, { tls: { ca: other.cert } });
    expect(verdict).toMatchObject(REFUSED);
    expect(verdict.detail).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(server.requests).toEqual([]);
  });

  test('verification cannot be switched off by the environment', async () => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    await start(certificate);
    expect(await sendOnce(server.origin)).toMatchObject(REFUSED);
    expect(server.requests).toEqual([]);
  });
});
