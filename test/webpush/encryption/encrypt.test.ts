import { createCipheriv, createECDH, hkdfSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { decryptContent, decryptPush } from '../../../src/webpush/encryption/decrypt.ts';
import { Encryptor, MOST_BODY, MOST_PLAINTEXT, OVERHEAD } from '../../../src/webpush/encryption/encrypt.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'base64url');

/** RFC 8291 section 5 and appendix A. */
const RFC8291 = {
  plaintext: 'When I grow up, I want to be a watermelon',
  auth: bytes('BTBZMqHH6r4Tts7J_aSIgg'),
  receiverPrivate: bytes('q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94'),
  p256dh: bytes('BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4'),
  senderPrivate: bytes('yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw'),
  salt: bytes('DGv6ra1nlYgDCS1FRnbzlw'),
  body: 'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
};

function newMessage(): Encryptor {
  const encryptor = new Encryptor();
  encryptor.begin();
  return encryptor;
}

function receiver() {
  const ecdh = createECDH('prime256v1');
  ecdh.generateKeys();
  return { ecdh, p256dh: ecdh.getPublicKey(), auth: Buffer.from('0123456789abcdef') };
}

function encrypted(plaintext: Uint8Array, to: { p256dh: Uint8Array; auth: Uint8Array }): Buffer {
  const out = Buffer.alloc(plaintext.length + OVERHEAD);
  if (!newMessage().encrypt(plaintext, to, out, 0)) throw new Error('not encrypted');
  return out;
}

describe('encryption', () => {
  test('makes the very body of RFC 8291 from its keys and salt', () => {
    const plaintext = Buffer.from(RFC8291.plaintext);
    const out = Buffer.alloc(plaintext.length + OVERHEAD);
    const encryptor = new Encryptor();
    encryptor.begin(RFC8291.senderPrivate);
    expect(encryptor.encrypt(plaintext, RFC8291, out, 0, RFC8291.salt)).toBe(true);
    expect(out.toString('base64url')).toBe(RFC8291.body);
  });

  test('writes where it is told, and nowhere else', () => {
    const plaintext = Buffer.from('hello');
    const to = receiver();
    const out = Buffer.alloc(plaintext.length + OVERHEAD + 20, 0xee);
    newMessage().encrypt(plaintext, to, out, 10);
    expect(out.subarray(0, 10)).toEqual(Buffer.alloc(10, 0xee));
    expect(out.subarray(-10)).toEqual(Buffer.alloc(10, 0xee));
    expect(decryptPush(out.subarray(10, -10), to).toString()).toBe('hello');
  });

  test('takes a key pair for each message, and a salt for each receiver', () => {
    const receivers = [receiver(), receiver(), receiver()];
    const encryptor = new Encryptor();
    const [salts, pairs] = [new Set<string>(), new Set<string>()];
    for (let message = 0; message < 20; message++) {
      encryptor.begin();
      for (const to of receivers) {
        const out = Buffer.alloc(1 + OVERHEAD);
        encryptor.encrypt(Buffer.from('x'), to, out, 0);
        expect(decryptPush(out, to).toString()).toBe('x');
        salts.add(out.toString('hex', 0, 16));
        pairs.add(out.toString('hex', 21, 86));
      }
    }
    expect([salts.size, pairs.size]).toEqual([60, 20]);
  });

  test('shares nothing between receivers of one message: none can read what another gets', () => {
    const [one, other] = [receiver(), receiver()];
    const encryptor = newMessage();
    const [first, second] = [one, other].map((to) => {
      const out = Buffer.alloc(5 + OVERHEAD);
      encryptor.encrypt(Buffer.from('hello'), to, out, 0);
      return out;
    }) as [Buffer, Buffer];
    expect(decryptPush(second, other).toString()).toBe('hello');
    expect(() => decryptPush(second, one)).toThrow();
    expect(first.subarray(86).equals(second.subarray(86))).toBe(false);
  });

  test('fills a body of 4,096 bytes with 3,993 of plaintext', () => {
    expect(MOST_PLAINTEXT).toBe(3993);
    const to = receiver();
    const body = encrypted(Buffer.alloc(MOST_PLAINTEXT, 'a'), to);
    expect(body.length).toBe(MOST_BODY);
    expect(decryptPush(body, to)).toEqual(Buffer.alloc(MOST_PLAINTEXT, 'a'));
  });

  test('refuses a receiver whose key is no point of the curve', () => {
    const p256dh = Buffer.alloc(65, 4);
    expect(newMessage().encrypt(Buffer.from('x'), { p256dh, auth: Buffer.alloc(16) }, Buffer.alloc(200), 0)).toBe(
      false,
    );
  });
});

describe('decryption', () => {
  test('opens the body of RFC 8291', () => {
    const ecdh = createECDH('prime256v1');
    ecdh.setPrivateKey(RFC8291.receiverPrivate);
    expect(decryptPush(bytes(RFC8291.body), { ecdh, auth: RFC8291.auth }).toString()).toBe(RFC8291.plaintext);
  });

  test('opens the bodies of RFC 8188, one record (3.1) and two (3.2)', () => {
    const one = bytes('I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg');
    expect(decryptContent(one, () => bytes('yqdlZ-tYemfogSmv7Ws5PQ')).toString()).toBe('I am the walrus');
    const two = bytes(
      'uNCkWiNYzKTnBN9ji3-qWAAAABkCYTHOG8chz_gnvgOqdGYovxyjuqRyJFjEDyoF1Fvkj6hQPdPHI51OEUKEpgz3SsLWIqS_uA',
    );
    const seen: string[] = [];
    const opened = decryptContent(two, (keyId) => {
      seen.push(keyId.toString());
      return bytes('BO3ZVPxUlnLORbVGMpbT1Q');
    });
    expect(opened.toString()).toBe('I am the walrus');
    expect(seen).toEqual(['a1']);
  });

  test('refuses what was changed, cut, or is for others', () => {
    const to = receiver();
    const body = encrypted(Buffer.from('hello'), to);
    for (let at = 0; at < body.length; at++) {
      const changed = Buffer.from(body);
      changed[at] = (changed[at] as number) ^ 1;
      // The record size may be another one as long as the record fits.
      if (at >= 16 && at < 20) continue;
      expect(() => decryptPush(changed, to), `byte ${at}`).toThrow();
    }
    expect(() => decryptPush(body.subarray(0, 60), to)).toThrow();
    expect(() => decryptPush(body, receiver())).toThrow();
  });

  test('refuses a last record that says that another follows', () => {
    const salt = Buffer.alloc(16, 7);
    const input = Buffer.alloc(32, 9);
    const derive = (info: string, length: number) => Buffer.from(hkdfSync('sha256', input, salt, info, length));
    const cipher = createCipheriv(
      'aes-128-gcm',
      derive('Content-Encoding: aes128gcm\0', 16),
      derive('Content-Encoding: nonce\0', 12),
    );
    const record = Buffer.concat([cipher.update(Buffer.from([120, 1])), cipher.final(), cipher.getAuthTag()]);
    const body = Buffer.concat([salt, Buffer.from([0, 0, 16, 0, 0]), record]);
    expect(() => decryptContent(body, () => input)).toThrow('delimiter');
  });
});
