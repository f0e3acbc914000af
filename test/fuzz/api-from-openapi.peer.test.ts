import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSandboxedRelay } from '../api/openapi/sandboxed-relay.ts';
import { fuzzApi } from './api-from-openapi/fuzz-api.ts';

const SEED = 20_260_101;

const warnings: string[] = [];
const warned = (warning: Error): void => void warnings.push(warning.message);
beforeAll(() => void process.on('warning', warned));
afterAll(() => void process.off('warning', warned));

test('no request that the description leads to gets an answer that it does not tell of', async () => {
  await using relay = await startSandboxedRelay();
  expect(await fuzzApi(relay, { runs: 200, seed: SEED })).toBeGreaterThan(200);
  expect(warnings).toEqual([]);
  expect(relay.errors()).not.toMatch(/a request failed/);
});

test('nor with core.sync, where failed pushes are in the answer', async () => {
  // Short, because some of these pushes are tried again for as long as they may be.
  await using relay = await startSandboxedRelay({ core: { sync: true, sync_timeout: 1 }, queue: { max_age: 2 } });
  expect(await fuzzApi(relay, { runs: 60, seed: SEED + 1 })).toBeGreaterThan(60);
  expect(relay.errors()).not.toMatch(/a request failed/);
});

test('nor with keys: neither with the right one, nor with one that may not, nor with none', async () => {
  const sha256 = (key: string) => createHash('sha256').update(key).digest('hex');
  const keys = {
    boss: { sha256: sha256('boss-key'), scopes: ['admin'] },
    shop: { sha256: sha256('shop-key'), scopes: ['push'], apps: ['shop'] },
    slow: { sha256: sha256('slow-key'), scopes: ['read'], rate_limit: 5 },
  };
  await using relay = await startSandboxedRelay({ auth: { keys } }, { authorization: 'Bearer boss-key' });
  for (const [seed, headers] of [
    { authorization: 'Bearer boss-key' },
    { 'x-api-key': 'shop-key' },
    { authorization: 'Bearer slow-key' },
    { authorization: 'Bearer of-nobody' },
    {},
  ].entries())
    await fuzzApi(relay, { runs: 12, seed: SEED + seed, headers: headers as Record<string, string> });
  expect(relay.errors()).not.toMatch(/a request failed/);
});

test('an answer that the description does not tell of is found', async () => {
  await using relay = await startSandboxedRelay();
  const document = structuredClone(relay.document) as typeof relay.document;
  const push = document.paths['/api/push']?.post as unknown as { responses: { [status: string]: unknown } };
  delete push.responses[400];
  await expect(fuzzApi({ ...relay, document }, { runs: 100, seed: SEED })).rejects.toHaveProperty(
    'cause.message',
    expect.stringContaining('undescribed status 400'),
  );
});
