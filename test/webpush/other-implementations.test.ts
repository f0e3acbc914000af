import { createECDH } from 'node:crypto';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import webpush from 'web-push';
import { generateVapidPair, loadVapidCredential } from '../../src/webpush/credentials.ts';
import { decryptPush } from '../../src/webpush/encryption/decrypt.ts';
import { Encryptor, OVERHEAD } from '../../src/webpush/encryption/encrypt.ts';
import { createVapidCheck } from '../../src/webpush/sandbox/vapid-check.ts';
import { signVapid } from '../../src/webpush/token.ts';
import { makeBrowser, SUBJECT } from './web-workplace.ts';

interface Ece {
  decrypt(body: Buffer, keys: { version: string; privateKey: unknown; authSecret: Uint8Array }): Buffer;
}
const require = createRequire(import.meta.url);
const ece: Ece = require('http_ece');

describe('encryption and the library of the field understand each other', () => {
  test.each([0, 1, 17, 300, 3993])('what we encrypt, %i bytes, http_ece decrypts', (length) => {
    const browser = makeBrowser();
    const plaintext = Buffer.alloc(length, 'ä');
    const body = Buffer.alloc(length + OVERHEAD);
    const receiver = { p256dh: browser.ecdh.getPublicKey(), auth: browser.auth };
    const encryptor = new Encryptor();
    encryptor.begin();
    expect(encryptor.encrypt(plaintext, receiver, body, 0)).toBe(true);
    const keys = { version: 'aes128gcm', privateKey: browser.ecdh, authSecret: browser.auth };
    expect(ece.decrypt(body, keys)).toEqual(plaintext);
  });

  test('what web-push encrypts we decrypt', () => {
    const browser = makeBrowser();
    const { p256dh, auth } = browser.keys;
    const { cipherText } = webpush.encrypt(p256dh, auth, 'from the other side', 'aes128gcm');
    expect(decryptPush(cipherText, browser).toString()).toBe('from the other side');
  });
});

describe('VAPID', () => {
  test('a pair that we make is one that web-push takes, and the other way round', () => {
    const ours = generateVapidPair();
    webpush.setVapidDetails(SUBJECT, ours.public_key, ours.private_key);
    const theirs = webpush.generateVAPIDKeys();
    const vapid = [{ id: '', state: '' as const, public_key: theirs.publicKey, private_key: theirs.privateKey }];
    expect(loadVapidCredential({ vapid, subject: SUBJECT }).current.publicKey).toBe(theirs.publicKey);
  });

  test('what web-push signs passes our check of a signature, as ours does', () => {
    const { publicKey, privateKey } = webpush.generateVAPIDKeys();
    const check = createVapidCheck([publicKey], Date.now);
    const { Authorization } = webpush.getVapidHeaders('https://push.test', SUBJECT, publicKey, privateKey, 'aes128gcm');
    expect(check(Authorization, 'https://push.test')).toBeUndefined();
    expect(check(Authorization, 'https://other.test')).toBe('audience');
    const vapid = [{ id: '', state: '' as const, public_key: publicKey, private_key: privateKey }];
    const { current } = loadVapidCredential({ vapid, subject: SUBJECT });
    const at = (hours: number) => Math.floor(Date.now() / 1000) + hours * 3600;
    const ours = (hours: number, sub = SUBJECT) =>
      `vapid t=${signVapid(current, 'https://push.test', at(hours), sub)}, k=${publicKey}`;
    expect(check(ours(12), 'https://push.test')).toBeUndefined();
    expect(check(ours(25), 'https://push.test')).toBe('too-long');
    expect(check(ours(-1), 'https://push.test')).toBe('expired');
    expect(check(ours(12, 'no-contact'), 'https://push.test')).toBe('subject');
    expect(
      check(
        // Not the last character of the signature: four of its bits mean nothing.
        ours(12).replace(/.(?=.{9},)/, (one) => (one === 'A' ? 'B' : 'A')),
        'https://push.test',
      ),
    ).toMatch(/signature|malformed/);
    expect(check(undefined, 'https://push.test')).toBe('missing');
    expect(check('Bearer x', 'https://push.test')).toBe('malformed');
    expect(createVapidCheck([], Date.now)(ours(12), 'https://push.test')).toBe('other-key');
  });
});

test('a key pair set from random bytes is a key pair: both sides agree on the secret', () => {
  const browser = createECDH('prime256v1');
  browser.generateKeys();
  const encryptor = new Encryptor();
  const auth = Buffer.alloc(16, 3);
  for (let round = 0; round < 200; round++) {
    const body = Buffer.alloc(2 + OVERHEAD);
    encryptor.begin();
    encryptor.encrypt(Buffer.from('hi'), { p256dh: browser.getPublicKey(), auth }, body, 0);
    expect(decryptPush(body, { ecdh: browser, auth }).toString()).toBe('hi');
  }
});
