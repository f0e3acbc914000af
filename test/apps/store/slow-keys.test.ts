import { generateKeyPairSync } from 'node:crypto';
import forge from 'node-forge';
import { expect, test } from 'vitest';
import { checkSettings, normalSettings } from '../../../src/apps/store/check-settings.ts';

const mistakes = (body: unknown): string[] =>
  checkSettings(normalSettings(body), { allowPrivate: false }).mistakes.map(({ path, reason }) => `${path}: ${reason}`);

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

/** A certificate and its key as .p12, each of whose passwords needs `rounds` of hashing. */
function p12(rounds: number): string {
  const key = forge.pki.privateKeyFromPem(rsa.export({ type: 'pkcs1', format: 'pem' }) as string);
  const cert = forge.pki.createCertificate();
  cert.publicKey = forge.pki.setRsaPublicKey(key.n, key.e);
  cert.validity.notAfter = new Date(Date.now() + 1e9);
  cert.sign(key, forge.md.sha256.create());
  const options = { algorithm: '3des', count: rounds } as const;
  return Buffer.from(
    forge.asn1.toDer(forge.pkcs12.toPkcs12Asn1(key, cert, 'pw', options)).getBytes(),
    'latin1',
  ).toString('base64');
}

/** An encrypted PEM key of which something was changed that stands in front, unencrypted. */
function pem(change: (parts: forge.asn1.Asn1[]) => void): string {
  const der = rsa.export({ type: 'pkcs8', format: 'der', cipher: 'aes-256-cbc', passphrase: 'pw' }) as Buffer;
  const sealed = forge.asn1.fromDer(der.toString('latin1'));
  const parts: forge.asn1.Asn1[] = [];
  const walk = (part: forge.asn1.Asn1): void => {
    parts.push(part);
    if (Array.isArray(part.value)) part.value.forEach(walk);
  };
  walk(sealed);
  change(parts);
  const text = Buffer.from(forge.asn1.toDer(sealed).getBytes(), 'latin1').toString('base64');
  return Buffer.from(
    `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${text.match(/.{1,64}/g)?.join('\n')}\n-----END ENCRYPTED PRIVATE KEY-----\n`,
  ).toString('base64');
}

const setRounds = (value: string) => (parts: forge.asn1.Asn1[]) => {
  for (const part of parts) if (part.type === forge.asn1.Type.INTEGER) part.value = value;
};

test('a .p12 as tools write it is read; one whose password takes long to try is not', () => {
  expect(mistakes({ ios: { key_base64: p12(2048), password: 'pw' } })).toEqual([]);
  expect(mistakes({ ios: { key_base64: p12(30_000), password: 'pw' } })).toEqual([
    'ios.key_base64: cannot be read with ios.password: too many rounds of hashing are needed for its password',
  ]);
});

test('an encrypted PEM key whose password takes long to try is not tried', () => {
  const ios = { password: 'pw', key_type: 'p8', key_id: 'k', team_id: 't' };
  expect(mistakes({ ios: { ...ios, key_base64: pem(() => {}) } })).toEqual([
    'ios.key_base64: not a token key of APNs: it must be an EC key on the curve P-256',
  ]);
  const slow =
    'ios.key_base64: cannot be read with ios.password: too many rounds of hashing are needed for its password';
  expect(mistakes({ ios: { ...ios, key_base64: pem(setRounds('\x7f\xff\xff\xff')) } })).toEqual([slow]);
  const scrypt = forge.asn1.oidToDer('1.3.6.1.4.1.11591.4.11').getBytes();
  const kdf = forge.asn1.oidToDer('1.2.840.113549.1.5.12').getBytes();
  const withScrypt = pem((parts) => {
    for (const part of parts) if (part.value === kdf) part.value = scrypt;
  });
  expect(mistakes({ ios: { ...ios, key_base64: withScrypt } })).toEqual([slow]);
  const huge = mistakes({ ios: { ...ios, key_base64: pem(setRounds('\x7f'.repeat(9))) } });
  expect(huge).toEqual([expect.stringContaining('cannot be read with ios.password')]);
});

test('a private key that takes long to sign with is refused', () => {
  const large = { type: 'service_account', project_id: 'p', client_email: 'e' };
  // What makes a key slow need not be its modulus: a fake prime of any length does.
  const { kty, n, e, d, p, q, dp, dq, qi } = rsa.export({ format: 'jwk' }) as Record<string, string>;
  expect(kty).toBe('RSA');
  const integer = (base64url: string | undefined, bytes = 0) =>
    forge.asn1.create(
      forge.asn1.Class.UNIVERSAL,
      forge.asn1.Type.INTEGER,
      false,
      `\0${Buffer.from(base64url ?? '', 'base64url').toString('latin1')}${'\x01'.repeat(bytes)}`,
    );
  const key = forge.asn1.create(forge.asn1.Class.UNIVERSAL, forge.asn1.Type.SEQUENCE, true, [
    integer(''),
    ...[n, e, d].map((each) => integer(each)),
    integer(p, 3000),
    ...[q, dp, dq, qi].map((each) => integer(each)),
  ]);
  const body = Buffer.from(forge.asn1.toDer(key).getBytes(), 'latin1').toString('base64');
  const private_key = `-----BEGIN RSA PRIVATE KEY-----\n${body.match(/.{1,64}/g)?.join('\n')}\n-----END RSA PRIVATE KEY-----\n`;
  expect(mistakes({ android: { credential: { ...large, private_key } } })).toEqual([
    'android.credential: the private key is larger than RSA with 4096 bits',
  ]);
});

test('a file that is larger than any key is not searched for one', () => {
  const key_base64 = Buffer.from('-----BEGIN A-----'.repeat(10_000)).toString('base64');
  expect(mistakes({ ios: { key_base64, key_type: 'pem' } })).toEqual([
    'ios.key_base64: must have 65536 characters at most',
  ]);
});
