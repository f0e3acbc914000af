import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import forge from 'node-forge';
import { type Authority, makeAuthority } from '../../src/sandbox/certificates.ts';

/** The files that the corpus's `{creds}` holds, made anew, and the authority that the stand-ins are to be trusted under. */
export interface CredentialsFolder {
  readonly path: string;
  readonly authority: Authority;
  /** Writes `fcm.json`, whose sign-in goes to `tokenUri`. */
  writeServiceAccount(tokenUri: string): void;
  remove(): void;
}

const SUBJECT = [
  { type: '0.9.2342.19200300.100.1.1', value: 'com.example.app' },
  { name: 'commonName', value: 'Apple Push Services: com.example.app' },
];
const DAY = 86_400_000;

/** A self-signed push certificate as Apple would issue it, and the same as PKCS12. */
function pushCertificate(privateKey: string, publicKey: string) {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = '01';
  certificate.validity.notBefore = new Date(Date.now() - DAY);
  certificate.validity.notAfter = new Date(Date.now() + 3650 * DAY);
  certificate.setSubject(SUBJECT);
  certificate.setIssuer(SUBJECT);
  const key = forge.pki.privateKeyFromPem(privateKey);
  certificate.sign(key, forge.md.sha256.create());
  const p12 = forge.pkcs12.toPkcs12Asn1(key, [certificate], 'secret', { algorithm: '3des' });
  return {
    pem: forge.pki.certificateToPem(certificate) + privateKey,
    p12: Buffer.from(forge.asn1.toDer(p12).getBytes(), 'latin1'),
  };
}

export function makeCredentialsFolder(): CredentialsFolder {
  const path = mkdtempSync(join(tmpdir(), 'martlet-contract-'));
  const authority = makeAuthority();
  const leaf = authority.leaf(['localhost', '127.0.0.1']);
  const write = (name: string, content: string | Buffer) => writeFileSync(join(path, name), content);
  const encoding = {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  } as const;
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048, ...encoding });
  const certificate = pushCertificate(rsa.privateKey, rsa.publicKey);
  write('AuthKey_TEST.p8', generateKeyPairSync('ec', { namedCurve: 'P-256', ...encoding }).privateKey);
  write('apns.pem', certificate.pem);
  write('apns.p12', certificate.p12);
  write('ca.pem', authority.ca);
  write('leaf.pem', leaf.cert);
  write('leaf.key', leaf.key);
  return {
    path,
    authority,
    writeServiceAccount(tokenUri) {
      const account = {
        type: 'service_account',
        project_id: 'demo-project',
        private_key_id: 'kid1',
        private_key: rsa.privateKey,
        client_email: 'push@demo-project.iam.gserviceaccount.com',
        client_id: '1',
        token_uri: tokenUri,
      };
      write('fcm.json', JSON.stringify(account));
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
