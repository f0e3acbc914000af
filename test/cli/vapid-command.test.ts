import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { vapidCommand } from '../../src/cli/vapid-command.ts';
import { loadVapidCredential } from '../../src/webpush/credentials.ts';

test('vapid prints a pair that config.yml takes as it is', () => {
  const { web } = parse(vapidCommand(false));
  const [{ public_key, private_key }] = web.vapid;
  const vapid = [{ id: '', state: '' as const, public_key, private_key }];
  const { current } = loadVapidCredential({ vapid, subject: web.subject });
  expect(current.publicKey).toBe(public_key);
});

test('vapid --json prints the pair alone, another one each time', () => {
  const pairs = [JSON.parse(vapidCommand(true)), JSON.parse(vapidCommand(true))];
  for (const pair of pairs) expect(Object.keys(pair)).toEqual(['public_key', 'private_key']);
  expect(pairs[0].private_key).not.toBe(pairs[1].private_key);
});
