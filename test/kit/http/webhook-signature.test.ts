import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import {
  createSigner,
  createVerifier,
  isWebhookSecret,
  SIGNATURE_TOLERANCE_MS,
} from '../../../src/kit/http/webhook-signature.ts';

const secretOf = (bytes: number): string => `whsec_${randomBytes(bytes).toString('base64')}`;

describe('signatures', () => {
  test("are those of the specification's example", () => {
    const sign = createSigner(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw']);
    expect(sign('msg_p5jXN8AQM9LWM0D4loKWxJek', '{"test": 2432232314}', 1_614_265_330_000)).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  test('of any body are taken by the reference library, and of no other body', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 24, max: 64 }), (text, bytes) => {
        const secret = secretOf(bytes);
        const body = JSON.stringify({ text });
        const headers = createSigner([secret])('msg_1', body, Date.now());
        expect(new Webhook(secret).verify(body, headers)).toEqual({ text });
        expect(() => new Webhook(secret).verify(`${body} `, headers)).toThrow();
        expect(() => new Webhook(secret).verify(body, { ...headers, 'webhook-id': 'msg_2' })).toThrow();
      }),
    );
  });

  test('are made with each secret, so that a receiver with any of them takes the call', () => {
    const secrets = [secretOf(32), secretOf(24), secretOf(64)];
    const headers = createSigner(secrets)('msg_1', '{}', Date.now());
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(3);
    for (const secret of secrets) expect(new Webhook(secret).verify('{}', headers)).toEqual({});
    expect(() => new Webhook(secretOf(32)).verify('{}', headers)).toThrow();
  });

  test('are not made without a secret', () => {
    expect(createSigner([])('msg_1', '{}', 0)).toEqual({});
  });
});

describe('a verifier', () => {
  const [secret, other] = [secretOf(32), secretOf(32)];
  const NOW = 1_800_000_000_000;

  test('takes what was signed with any of its secrets, and tells the id', () => {
    const verify = createVerifier([other, secret]);
    expect(verify(createSigner([secret])('msg_1', '{}', NOW), '{}', NOW)).toBe('msg_1');
    expect(verify(createSigner([secretOf(24), other])('msg_2', '{}', NOW), '{}', NOW)).toBe('msg_2');
    expect(verify(createSigner([secretOf(24)])('msg_3', '{}', NOW), '{}', NOW)).toBeUndefined();
  });

  test('takes nothing that was changed, and nothing that is not signed', () => {
    const headers = createSigner([secret])('msg_1', '{}', NOW);
    const verify = createVerifier([secret]);
    expect(verify(headers, '{} ', NOW)).toBeUndefined();
    for (const name of Object.keys(headers)) {
      expect(verify({ ...headers, [name]: undefined }, '{}', NOW), name).toBeUndefined();
      expect(verify({ ...headers, [name]: '' }, '{}', NOW), name).toBeUndefined();
      expect(verify({ ...headers, [name]: [String(headers[name])] }, '{}', NOW), name).toBeUndefined();
    }
    expect(verify({ ...headers, 'webhook-id': 'msg_2' }, '{}', NOW)).toBeUndefined();
    expect(createVerifier([])(headers, '{}', NOW)).toBeUndefined();
  });

  test('takes a call of five minutes before or after, and no other, over all times that can be written', () => {
    const verify = createVerifier([secret]);
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: -310, max: 310 }), fc.maxSafeInteger()), (offset) => {
        const at = NOW / 1000 + offset;
        const headers = createSigner([secret])('msg_1', '{}', at * 1000);
        expect(verify(headers, '{}', NOW) === 'msg_1').toBe(Math.abs(offset) * 1000 <= SIGNATURE_TOLERANCE_MS);
      }),
    );
  });
});

describe('secrets', () => {
  test.each([24, 32, 64])('of %d bytes are taken', (bytes) => {
    expect(isWebhookSecret(secretOf(bytes))).toBe(true);
    expect(isWebhookSecret(secretOf(bytes).replace(/=+$/, ''))).toBe(true);
  });

  test.each([
    ['too short', secretOf(23)],
    ['too long', secretOf(65)],
    ['without the prefix', randomBytes(32).toString('base64')],
    ['no base64', `whsec_${'*'.repeat(40)}`],
    ['with a line break', `${secretOf(24)}\n`],
    ['of another kind', `whsk_${randomBytes(32).toString('base64')}`],
    ['empty', ''],
  ])('%s are refused', (_what, secret) => {
    expect(isWebhookSecret(secret)).toBe(false);
    expect(() => createSigner([secret])).toThrow(TypeError);
  });
});
