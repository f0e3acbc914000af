import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/kit/errors.ts';
import { readClientCa, readKeyPair } from '../../src/tls/key-pair.ts';
import { authority, folderWith } from './tls-kit.ts';

const pair = authority.leaf(['localhost']);
const other = authority.leaf(['other']);
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const NONE = { cert_path: '', key_path: '', cert_base64: '', key_base64: '' };

describe('where the pair comes from', () => {
  test('paths, relative to the working folder', () => {
    const cwd = folderWith({ 'a.pem': pair.cert, 'a.key': pair.key });
    expect(readKeyPair({ ...NONE, cert_path: 'a.pem', key_path: 'a.key' }, cwd)).toEqual(pair);
  });

  test('paths go before base64', () => {
    const cwd = folderWith({ 'a.pem': pair.cert, 'a.key': pair.key });
    const core = {
      cert_path: join(cwd, 'a.pem'),
      key_path: join(cwd, 'a.key'),
      cert_base64: base64(other.cert),
      key_base64: base64(other.key),
    };
    expect(readKeyPair(core)).toEqual(pair);
  });

  test('base64 where a path is empty', () => {
    const core = { ...NONE, cert_path: 'a.pem', cert_base64: base64(pair.cert), key_base64: base64(pair.key) };
    expect(readKeyPair(core)).toEqual(pair);
  });

  test('base64 where the paths are only the default and lead nowhere', () => {
    const core = {
      cert_path: 'cert.pem',
      key_path: 'key.pem',
      cert_base64: base64(pair.cert),
      key_base64: base64(pair.key),
    };
    expect(readKeyPair(core, folderWith({}))).toEqual(pair);
    expect(readKeyPair(core, folderWith({ 'cert.pem': other.cert, 'key.pem': other.key }))).toEqual(other);
  });

  test('one file may hold both', () => {
    const cwd = folderWith({ 'both.pem': pair.key + pair.cert });
    expect(() => readKeyPair({ ...NONE, cert_path: 'both.pem', key_path: 'both.pem' }, cwd)).not.toThrow();
  });
});

describe('a pair that cannot be used is a mistake by name', () => {
  const locked = createPrivateKey(pair.key).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'x',
  });
  const tiny = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  const files = {
    'a.pem': pair.cert,
    'a.key': pair.key,
    'other.key': other.key,
    'ed.key': tiny.toString(),
    'locked.key': locked.toString(),
    'empty.pem': '',
    'text.pem': 'hello',
  };
  test.each([
    ['gone.pem', 'a.key', 'core.cert_path: Failed to load https cert file: open gone.pem: no such file or directory'],
    ['a.pem', 'gone.key', 'core.key_path: Failed to load https cert file: open gone.key: no such file or directory'],
    ['.', 'a.key', 'core.cert_path: Failed to load https cert file: open .: is a directory'],
    ['empty.pem', 'a.key', 'core.cert_path: no certificate in PEM format in empty.pem'],
    ['text.pem', 'a.key', 'core.cert_path: no certificate in PEM format in text.pem'],
    ['a.key', 'a.key', 'core.cert_path: no certificate in PEM format in a.key'],
    ['a.pem', 'text.pem', 'core.key_path: what is in text.pem is no private key in PEM format'],
    ['a.pem', 'a.pem', 'core.key_path: what is in a.pem is no private key in PEM format'],
    ['a.pem', 'locked.key', 'core.key_path: what is in locked.key needs a password; give one without'],
    [
      'a.pem',
      'other.key',
      'core.key_path: other.key and a.pem cannot be used together: the key is that of another certificate',
    ],
    [
      'a.pem',
      'ed.key',
      'core.key_path: ed.key and a.pem cannot be used together: the key is that of another certificate',
    ],
  ])('%s with %s', (cert_path, key_path, message) => {
    const cwd = folderWith(files);
    const read = () => readKeyPair({ ...NONE, cert_path, key_path }, cwd);
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(expect.objectContaining({ message }));
  });

  test('nothing given', () => {
    expect(() => readKeyPair(NONE)).toThrow('core.ssl: missing https cert config');
    expect(() => readKeyPair({ ...NONE, cert_base64: 'x' })).toThrow('core.ssl: missing https cert config');
  });

  test('base64 of something else, without showing it', () => {
    const core = { ...NONE, cert_base64: base64('secret stuff'), key_base64: base64(pair.key) };
    expect(() => readKeyPair(core)).toThrow(
      new ConfigError('core.cert_base64', 'no certificate in PEM format in the base64 text'),
    );
  });

  test('client authorities', () => {
    const cwd = folderWith({ 'ca.pem': authority.ca, 'text.pem': 'hello' });
    expect(readClientCa('ca.pem', cwd)).toBe(authority.ca);
    expect(() => readClientCa('text.pem', cwd)).toThrow('core.client_ca: no certificate in PEM format in text.pem');
    expect(() => readClientCa('gone.pem', cwd)).toThrow(
      'core.client_ca: Failed to load https cert file: open gone.pem: no such file or directory',
    );
  });
});
