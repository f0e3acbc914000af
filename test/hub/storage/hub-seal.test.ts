import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { hubSeal } from '../../../src/hub/storage/hub-seal.ts';

test.each([
  { what: 'nothing', text: '' },
  { what: 'a token', text: 'a1b2c3d4'.repeat(8) },
  { what: 'other letters', text: 'Ä😀é' },
  { what: 'half of a surrogate pair', text: 'a\ud800b' },
  { what: 'a subscription of some kilobytes', text: 'https://push.example/'.repeat(400) },
])('the hash of $what is HMAC-SHA-256, as the node:crypto of earlier versions made it', ({ text }) => {
  const key = Buffer.from(Array.from({ length: 32 }, (_, at) => 255 - at * 7));
  const seal = hubSeal({ data: Buffer.alloc(32, 1), hash: key });
  const expected = createHmac('sha256', key).update(`5.7.tokendefault${text}`).digest('base64url');
  expect(seal.hash('token', 'default', text)).toBe(expected);
  expect(seal.hash('token', 'default', text)).toBe(expected);
});
