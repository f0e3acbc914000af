import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { loadMasterKeys, parseMasterKeys } from '../../../src/apps/store/master-keys.ts';

const bytes = randomBytes(32);
const other = randomBytes(32);

test.each(['base64', 'base64url', 'hex'] as const)('a key may be written in %s', (encoding) => {
  expect(parseMasterKeys(` ${bytes.toString(encoding)}\n`, 'test')[0].bytes).toEqual(bytes);
});

test('the same key has the same id however it is written, another has another', () => {
  const [inHex, inBase64] = [bytes.toString('hex'), bytes.toString('base64')];
  const [one, two, three] = parseMasterKeys(`${inHex},${inBase64}\n${other.toString('hex')}`, 'test');
  expect(one.id).toBe(two?.id);
  expect(three?.id).not.toBe(one.id);
  expect(inHex).not.toContain(one.id);
});

test('a file may hold several keys with remarks', () => {
  const text = `# since March\n${bytes.toString('base64')}\n\n# before, and before that\n${other.toString('base64')}\n`;
  expect(loadMasterKeys(undefined, 'file', () => text)?.map((key) => key.bytes)).toEqual([bytes, other]);
});

test('the variable goes before the file', () => {
  expect(loadMasterKeys(bytes.toString('hex'), 'file', () => other.toString('hex'))?.[0].bytes).toEqual(bytes);
  expect(loadMasterKeys(undefined, '')).toBeUndefined();
});

test.each([
  'canary',
  bytes.toString('hex').slice(2),
  randomBytes(31).toString('base64'),
  `${bytes.toString('hex')},canary`,
])('what is no key is refused without being told (%#)', (text) => {
  let message = '';
  try {
    parseMasterKeys(text, 'MARTLET_MASTER_KEY');
  } catch (error) {
    message = (error as Error).message;
  }
  expect(message).toMatch(/^MARTLET_MASTER_KEY.* is not 32 bytes in base64 or hex$/);
  expect(message).not.toContain('canary');
});

test('a file that is not there is told by its key', () => {
  expect(() => loadMasterKeys('', '/no/such/file')).toThrow('apps.master_key_path: no such file or directory');
  expect(() => loadMasterKeys('', 'empty', () => '\n')).toThrow(/apps\.master_key_path: holds no key/);
});
