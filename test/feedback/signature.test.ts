import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { createSigner, isWebhookSecret } from '../../src/feedback/signature.ts';

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
