import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { Canaries } from './canaries.ts';

const SECRET = 'fine-Canary/of+16?letters';
const canaries = new Canaries([{ name: 'it', text: SECRET, kind: 'key' }]);
const found = (text: string) => canaries.foundIn(text, { tokens: true }).length;

test.each([
  ['as it is', SECRET],
  ['in part', `x${SECRET.slice(3, 16)}`],
  ['in base64', Buffer.from(SECRET).toString('base64')],
  ['in base64 with a beginning', Buffer.from(`user:${SECRET}`).toString('base64')],
  ['in base64url', Buffer.from(`ab${SECRET}`).toString('base64url')],
  ['in hexadecimal', Buffer.from(SECRET).toString('hex').toUpperCase()],
  ['in a URL', `?q=${encodeURIComponent(SECRET)}`],
])('a secret is found %s', (_, text) => expect(found(`before ${text} after`)).toBe(1));

test('a private key is found by its number and by its lines, not by what all keys share', () => {
  const make = () =>
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const [mine, other] = [make(), make()];
  const key = new Canaries([{ name: 'key', text: mine, kind: 'key' }]);
  expect(key.foundIn(mine, { tokens: false })).toHaveLength(1);
  expect(key.foundIn(other, { tokens: false })).toEqual([]);
});

test('of a device token parts may be shown, and all of it where it counts', () => {
  const token = 'a1'.repeat(32);
  const tokens = new Canaries([{ name: 'token', text: token, kind: 'token' }]);
  expect(tokens.foundIn(`token=${token}`, { tokens: false })).toEqual([]);
  expect(tokens.foundIn(`token=${token}`, { tokens: true })).toHaveLength(1);
  expect(tokens.foundIn(token.slice(10, -10), { tokens: true })).toEqual([]);
});
