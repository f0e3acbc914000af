import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApnsCredentialConfig, loadApnsCredential } from '../../src/apns/credentials.ts';
import { ConfigError } from '../../src/kit/errors.ts';
import { makeAuthority } from '../../src/sandbox/certificates.ts';

let folder: string;
const file = (name: string): string => join(folder, name);
const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });

const config = (fields: Partial<ApnsCredentialConfig>): ApnsCredentialConfig => ({
  key_path: '',
  key_base64: '',
  key_type: 'pem',
  password: '',
  key_id: 'ABC123DEFG',
  team_id: 'DEF123GHIJ',
  ...fields,
});
const load = (fields: Partial<ApnsCredentialConfig>) => loadApnsCredential(config(fields));
const base64 = (name: string): string => readFileSync(file(name)).toString('base64');

function mistake(fields: Partial<ApnsCredentialConfig>): string {
  try {
    load(fields);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  return 'no mistake';
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'apns-'));
  const subject = '/CN=Apple Push Services: com.example.app/UID=com.example.app';
  openssl(...'req -x509 -newkey rsa:2048 -nodes -days 30 -keyout rsa.key -out rsa.crt -subj'.split(' '), subject);
  writeFileSync(file('apns.pem'), `Bag Attributes\n  friendlyName: x\n${text('rsa.crt')}${text('rsa.key')}`);
  openssl(...'rsa -aes128 -traditional -in rsa.key -out old.key -passout pass:secret'.split(' '));
  openssl(...'pkcs8 -topk8 -in rsa.key -out new.key -passout pass:secret'.split(' '));
  writeFileSync(file('old.pem'), text('rsa.crt') + text('old.key'));
  writeFileSync(file('new.pem'), text('new.key') + text('rsa.crt'));
  const p12 = (name: string, password: string, ...more: string[]) => {
    const from = ['-inkey', 'rsa.key', '-in', 'rsa.crt', '-out', name, '-passout', `pass:${password}`];
    openssl('pkcs12', '-export', ...from, ...more);
  };
  p12('modern.p12', 'secret');
  p12('rc2.p12', 'secret', '-legacy');
  p12('3des.p12', 'secret', '-legacy', '-certpbe', 'PBE-SHA1-3DES', '-keypbe', 'PBE-SHA1-3DES');
  p12('open.p12', '', '-legacy');
  p12('umlaut.p12', 'pässwört', '-legacy');
  p12('umlaut-pbes2.p12', 'pässwört');
  p12('euro-pbes2.p12', 'P€ßwörd-пароль-密碼-😀');
  p12('euro-3des.p12', 'P€ßwörd-пароль-密碼', '-legacy', '-certpbe', 'PBE-SHA1-3DES', '-keypbe', 'PBE-SHA1-3DES');
  p12('euro-aes128.p12', 'P€ßwörd', '-certpbe', 'AES-128-CBC', '-keypbe', 'AES-128-CBC', '-macalg', 'sha1');
  writeFileSync(file('base64.p12'), `${readFileSync(file('modern.p12')).toString('base64')}\n`);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(file('key.p8'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const { privateKey: p384 } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  writeFileSync(file('p384.p8'), p384.export({ type: 'pkcs8', format: 'pem' }));
  const { ca, leaf } = makeAuthority();
  const { cert, key } = leaf(['com.example.app']);
  writeFileSync(file('chain.pem'), ca + cert + key);
  writeFileSync(file('ec.crt'), cert);
  writeFileSync(file('ec.key'), key);
  openssl(...'pkcs12 -export -inkey ec.key -in ec.crt -out ec.p12 -passout pass:secret'.split(' '));
  writeFileSync(file('mismatch.pem'), text('rsa.crt') + key);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const text = (name: string): string => readFileSync(file(name), 'utf8');

describe('a token key', () => {
  test('is read from a .p8 file and from base64', () => {
    const expected = { kind: 'token', keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ' };
    expect(load({ key_path: file('key.p8') })).toMatchObject(expected);
    expect(load({ key_base64: base64('key.p8'), key_type: 'p8' })).toMatchObject(expected);
  });

  test('needs its key id and team id, in the words of Gorush', () => {
    const words = 'Transport Error:you should provide ios.KeyID and ios.TeamID for p8 token';
    expect(mistake({ key_path: file('key.p8'), key_id: '' })).toContain(`ios.key_id: ${words}`);
    expect(mistake({ key_path: file('key.p8'), team_id: '' })).toContain(`ios.team_id: ${words}`);
  });

  test('is read however it was copied, from a file and from a setting', () => {
    const pem = text('key.p8');
    const body = pem.replaceAll(/-----[^-]+-----|\n/g, '');
    const copies = [
      pem.replaceAll('\n', '\\n'),
      pem.replaceAll('\n', '\r\n'),
      pem.replaceAll('\n', ''),
      `"${pem}"`,
      `\uFEFF${pem}`,
      Buffer.from(pem).toString('base64'),
    ];
    for (const copy of [...copies, body]) expect(load({ key_base64: copy, key_type: 'p8' }).kind).toBe('token');
    for (const copy of copies) {
      writeFileSync(file('copy.p8'), copy);
      expect(load({ key_path: file('copy.p8') }).kind).toBe('token');
    }
    writeFileSync(file('copy.p8'), Buffer.from(`\uFEFF${pem}`, 'utf16le'));
    expect(load({ key_path: file('copy.p8') }).kind).toBe('token');
  });

  test('has ids of ten characters; blanks around them are left out', () => {
    const ids = { key_id: 'ABC123DEFG\n', team_id: ' DEF123GHIJ' };
    expect(load({ key_path: file('key.p8'), ...ids })).toMatchObject({ keyId: 'ABC123DEFG', teamId: 'DEF123GHIJ' });
    for (const id of ['ABC123DEF', 'ABC12\n3DEFG', 'ABC123DEFGH', 'ABC 23DEFG', 'ÄBC123DEFG']) {
      expect(mistake({ key_path: file('key.p8'), key_id: id })).toMatch(/^ios\.key_id: must be ten letters and digits/);
      expect(mistake({ key_path: file('key.p8'), team_id: id })).toMatch(/^ios\.team_id: must be ten letters/);
      expect(mistake({ key_path: file('key.p8'), key_id: id })).not.toContain(id);
    }
  });

  test('must be on P-256', () => {
    expect(mistake({ key_path: file('p384.p8') })).toContain('P-256');
  });
});

describe('a certificate', () => {
  test.each([
    ['apns.pem', ''],
    ['old.pem', 'secret'],
    ['new.pem', 'secret'],
    ['modern.p12', 'secret'],
    ['rc2.p12', 'secret'],
    ['3des.p12', 'secret'],
    ['open.p12', ''],
    ['umlaut.p12', 'pässwört'],
    ['umlaut-pbes2.p12', 'pässwört'],
    ['euro-pbes2.p12', 'P€ßwörd-пароль-密碼-😀'],
    ['euro-3des.p12', 'P€ßwörd-пароль-密碼'],
    ['euro-aes128.p12', 'P€ßwörd'],
    ['base64.p12', 'secret'],
    ['modern.p12', 'secret\n'],
    ['old.pem', 'secret\r\n'],
  ])('is read from %s', (name, password) => {
    const credential = load({ key_path: file(name), password });
    if (credential.kind !== 'certificate') throw new Error(credential.kind);
    const x509 = new X509Certificate(credential.cert);
    expect(x509.subject).toContain('CN=Apple Push Services: com.example.app');
    expect(x509.raw.equals(new X509Certificate(text('rsa.crt')).raw)).toBe(true);
    expect(credential.key).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    expect(credential.notAfter).toBe(x509.validToDate.getTime());
  });

  test('comes from base64 as the key type says, pem by default', () => {
    expect(load({ key_base64: base64('apns.pem') }).kind).toBe('certificate');
    expect(load({ key_base64: base64('rc2.p12'), key_type: 'p12', password: 'secret' }).kind).toBe('certificate');
  });

  test('is read from PEM however it was copied', () => {
    const pem = text('apns.pem').replace(/^[^-]*/, '');
    for (const copy of [
      pem.replaceAll('\n', '\\n'),
      pem.replaceAll('\n', ''),
      pem.replaceAll('\n', '\r\n'),
      `'${pem}'`,
    ]) {
      expect(load({ key_base64: copy }).kind).toBe('certificate');
      writeFileSync(file('copy.pem'), copy);
      expect(load({ key_path: file('copy.pem') }).kind).toBe('certificate');
    }
  });

  test('may be an elliptic one', () => {
    expect(load({ key_path: file('ec.p12'), password: 'secret' }).kind).toBe('certificate');
  });

  test('is put before its issuers, wherever the file has it', () => {
    const credential = load({ key_path: file('chain.pem') });
    if (credential.kind !== 'certificate') throw new Error(credential.kind);
    expect(new X509Certificate(credential.cert).subject).toBe('CN=com.example.app');
    expect(credential.cert.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  });

  test('must belong to its key', () => {
    expect(mistake({ key_path: file('mismatch.pem') })).toContain('does not belong to the certificate');
  });

  test.each(['modern.p12', 'rc2.p12', 'old.pem', 'new.pem'])(
    'with a wrong password or none is a mistake: %s',
    (name) => {
      for (const password of ['wrong-password', '']) {
        const message = mistake({ key_path: file(name), password });
        expect(message).toMatch(/^ios\.key_path: .*ios\.password/);
        expect(message).not.toContain('wrong-password');
      }
    },
  );
});

describe('what cannot be a credential is told by its key, in the words of Gorush', () => {
  test('nothing given', () => expect(mistake({})).toContain('missing iOS certificate key'));
  test('a file that is not there', () => {
    const path = file('nope.p8');
    expect(mistake({ key_path: path })).toBe(`ios.key_path: certificate file does not exist: ${path}`);
  });
  test('another extension or type', () => {
    expect(mistake({ key_path: file('rsa.crt') })).toContain('Cert Error:wrong certificate key extension');
    expect(mistake({ key_base64: 'eA==', key_type: 'txt' })).toContain('Cert Error:wrong certificate key type');
  });
  test('what is no base64', () =>
    expect(mistake({ key_base64: '***', key_type: 'p8' })).toBe('ios.key_base64: not base64'));
  test.each(['p8', 'pem', 'p12'])('garbage in a .%s file', (type) => {
    writeFileSync(file(`garbage.${type}`), 'not a key');
    expect(mistake({ key_path: file(`garbage.${type}`) })).toMatch(/^ios\.key_path: /);
  });
  test('a token key where a certificate should be', () => {
    expect(mistake({ key_base64: base64('key.p8') })).toContain('no certificate in the PEM text');
  });
});
