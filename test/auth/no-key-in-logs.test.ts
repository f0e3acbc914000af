import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ask, KEYS, push, startGuardedRelay } from './guarded-relay.ts';

/** What a header may hold, long enough that it is in no line by chance. */
const secret = fc
  .array(fc.constantFrom(...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~+/='), {
    minLength: 16,
    maxLength: 64,
  })
  .map((letters) => letters.join(''));

const places: ((key: string) => Record<string, string>)[] = [
  (key) => ({ Authorization: `Bearer ${key}` }),
  (key) => ({ Authorization: key }),
  (key) => ({ Authorization: `Basic ${Buffer.from(`user:${key}`).toString('base64')}` }),
  (key) => ({ 'X-API-Key': key }),
];

const attempt = fc.record({
  key: fc.oneof({ weight: 3, arbitrary: secret }, fc.constantFrom('pusher-key', 'reader-key', 'admin-key')),
  place: fc.constantFrom(...places),
  path: fc.constantFrom('/api/push', '/metrics', '/v1/apps', '/nowhere'),
});

test('whatever is presented as a key, no log, answer or figure has it', async () => {
  const relay = await startGuardedRelay({
    auth: { keys: KEYS, max_failures: 5, jwks_url: 'http://127.0.0.1:1/', issuer: 'i', audience: 'a' },
    log: { audit: 'stdout', access_level: 'trace', format: 'json' },
  });
  await fc.assert(
    fc.asyncProperty(fc.array(attempt, { minLength: 1, maxLength: 5 }), async (attempts) => {
      let told = '';
      for (const { key, place, path } of attempts) {
        const headers = place(key);
        const answer = path === '/api/push' ? await push(relay.url, headers) : await ask(relay.url + path, { headers });
        told += answer.text + JSON.stringify([...answer.headers]);
      }
      const figures = await relay.relay.metrics.render(undefined);
      const everything = `${told}\n${relay.lines()}\n${JSON.stringify(figures)}`;
      for (const { key } of attempts) {
        expect(everything).not.toContain(key);
        expect(everything).not.toContain(Buffer.from(`user:${key}`).toString('base64'));
      }
    }),
    { numRuns: 30 },
  );
});
