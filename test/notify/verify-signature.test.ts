import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { verifySignature } from '../../src/notify/create-notifier.ts';

const NOW = 1_800_000_000_000;
const AT = String(NOW / 1000);
const headerOf = (secret: string, timestamp: string, body: string): string =>
  `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
const right = headerOf('key', AT, '{}');

describe('the signature of a call in the form mailbox', () => {
  test('N28, N37 that is right holds', () => {
    expect(verifySignature('key', AT, '{}', right, 300, NOW)).toBe(true);
    expect(verifySignature('key', AT, Buffer.from('{}'), right, 300, NOW)).toBe(true);
  });

  test.each([
    ['N29 of another body', 'key', '{} ', right],
    ['N30 by another key', 'other', '{}', right],
    ['N31 that is empty', 'key', '{}', ''],
    ['N32 without a digest', 'key', '{}', 'sha256='],
    ['N33 without its prefix', 'key', '{}', right.slice(7)],
    ['N34 by no key', '', '{}', headerOf('', AT, '{}')],
    ['N35 with another prefix', 'key', '{}', `sha512=${right.slice(7)}`],
    ['in upper case', 'key', '{}', right.toUpperCase()],
  ])('%s does not hold', (_what, secret, body, header) => {
    expect(verifySignature(secret, AT, body, header, 0, NOW)).toBe(false);
    expect(verifySignature(secret, AT, body, header, 300, NOW)).toBe(false);
  });

  test('N36 of ten minutes ago does not hold within five', () => {
    const old = String(NOW / 1000 - 600);
    expect(verifySignature('key', old, '{}', headerOf('key', old, '{}'), 300, NOW)).toBe(false);
  });

  test('N38 without a tolerance it holds exactly when key and digest are right', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (secret, timestamp, body, other) => {
        const header = headerOf(secret, timestamp, body);
        expect(verifySignature(secret, timestamp, body, header, 0, NOW)).toBe(secret !== '');
        expect(verifySignature(secret, timestamp, body, other, 0, NOW)).toBe(secret !== '' && other === header);
      }),
    );
  });

  test('N39, W27 with one it holds for that long, before and after, over all 64-bit times', () => {
    const near = fc.bigInt({ min: -400n, max: 400n });
    const far = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n });
    fc.assert(
      fc.property(fc.oneof(near, far), (offset) => {
        const timestamp = String(BigInt(AT) + offset);
        const isNear = offset >= -300n && offset <= 300n;
        expect(verifySignature('key', timestamp, '', headerOf('key', timestamp, ''), 300, NOW)).toBe(isNear);
      }),
      { numRuns: 1000 },
    );
  });

  test.each(['1e3', '+5', ' 5', '5 ', '', '-1', '0x10', '05', 'NaN', `${AT}.5`])('W27 no time is "%s"', (timestamp) => {
    expect(verifySignature('key', timestamp, '', headerOf('key', timestamp, ''), 1e12, NOW)).toBe(false);
  });
});
