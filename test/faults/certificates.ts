import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** One good certificate for 127.0.0.1 with its authority, and those that nobody may believe. */
export interface Certificates {
  readonly authority: string;
  readonly good: Certificate;
  readonly selfSigned: Certificate;
  readonly unknownAuthority: Certificate;
  readonly wrongHost: Certificate;
  readonly expired: Certificate;
}

const HERE = 'subjectAltName=IP:127.0.0.1';
const NEW_KEY = [
  '-newkey',
  'ec',
  '-pkeyopt',
  'ec_paramgen_curve:prime256v1',
  '-nodes',
  '-subj',
  '/CN=tavus-purge test',
];

/** Whether openssl is there to make them. */
export function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

/** Makes all of them with openssl. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'tavus-purge-certificates-'));
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { stdio: 'pipe', cwd: folder });
  };
  const read = (name: string): Certificate => ({
    key: readFileSync(at(`${name}.key`), 'utf8'),
    cert: readFileSync(at(`${name}.crt`), 'utf8'),
  });
  const authority = (name: string): void => {
    openssl('req', '-x509', ...NEW_KEY, '-days', '2', '-keyout', `${name}.key`, '-out', `${name}.crt`);
  };
  const request = (name: string, names: string): void => {
    openssl('req', ...NEW_KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    writeFileSync(at(`${name}.ext`), names);
  };
  const signed = (name: string, names: string, by: string): Certificate => {
    request(name, names);
    const issuer = ['-CA', `${by}.crt`, '-CAkey', `${by}.key`, '-CAcreateserial'];
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...issuer,
      '-days',
      '2',
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.crt`,
    );
    return read(name);
  };
  const outdated = (name: string, by: string): Certificate => {
    request(name, HERE);
    writeFileSync(at('index'), '');
    writeFileSync(at('ca.conf'), AUTHORITY_CONFIG);
    const dates = ['-startdate', '20200101000000Z', '-enddate', '20200102000000Z'];
    const issuer = ['-cert', `${by}.crt`, '-keyfile', `${by}.key`, '-rand_serial'];
    openssl(
      'ca',
      '-batch',
      '-config',
      'ca.conf',
      ...issuer,
      ...dates,
      '-extfile',
      `${name}.ext`,
      '-in',
      `${name}.csr`,
      '-out',
      `${name}.crt`,
      '-notext',
    );
    return read(name);
  };
  try {
    authority('known');
    authority('unknown');
    openssl(
      'req',
      '-x509',
      ...NEW_KEY,
      '-days',
      '2',
      '-addext',
      HERE,
      '-keyout',
      'self.key',
      '-out',
      'self.crt',
    );
    return {
      authority: readFileSync(at('known.crt'), 'utf8'),
      good: signed('good', HERE, 'known'),
      selfSigned: read('self'),
      unknownAuthority: signed('stranger', HERE, 'unknown'),
      wrongHost: signed('elsewhere', 'subjectAltName=DNS:elsewhere.example', 'known'),
      expired: outdated('expired', 'known'),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const AUTHORITY_CONFIG = `[ca]
default_ca = here
[here]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
[any]
commonName = supplied
`;
