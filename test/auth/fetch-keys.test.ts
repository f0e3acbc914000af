import { expect, test } from 'vitest';
import { createFetchKeys } from '../../src/auth/fetch-keys.ts';

/** A fetch that answers one after the other, the last one for ever, and counts. */
function fetching(...answers: (() => Response)[]) {
  let asked = 0;
  const clock = { now: 0 };
  const fetch = createFetchKeys({
    fetch: async () => (answers[Math.min(asked++, answers.length - 1)] as () => Response)(),
    now: () => clock.now,
    maxBytes: 1000,
  });
  return {
    ask: async () =>
      (
        await fetch('https://issuer.example/', {
          headers: new Headers(),
          method: 'GET',
          redirect: 'manual',
          signal: AbortSignal.timeout(10_000),
        })
      ).text(),
    asked: () => asked,
    clock,
  };
}

const keys = '{"keys":[]}';

test.each([
  ['an error', () => new Response('', { status: 500 })],
  ['a redirect', () => new Response('', { status: 302, headers: { location: 'http://10.0.0.1/' } })],
  ['no JSON', () => new Response('<html>')],
  ['more than it may be', () => new Response(`"${'x'.repeat(2000)}"`)],
  [
    'nothing',
    () => {
      throw new Error('refused');
    },
  ],
])('after %s nobody is asked for a second, however many tokens come', async (_, answer) => {
  const { ask, asked, clock } = fetching(answer, () => new Response(keys));
  for (let i = 0; i < 100; i++) await expect(ask()).rejects.toThrow();
  expect(asked()).toBe(1);
  clock.now = 1000;
  expect(await ask()).toBe(keys);
  expect(await ask()).toBe(keys);
  expect(asked()).toBe(3);
});

test('an answer without an end is not read to its end', async () => {
  let cancelled = false;
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(400)),
    cancel() {
      cancelled = true;
    },
  });
  await expect(fetching(() => new Response(endless)).ask()).rejects.toThrow('longer than 1000 bytes');
  expect(cancelled).toBe(true);
});
