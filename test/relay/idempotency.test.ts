import { expect, test } from 'vitest';
import type { Notification } from '../../src/push/push.ts';
import type { PushEntry } from '../../src/push/push-entry.ts';
import type { AcceptedPush } from '../../src/relay/accept.ts';
import { entriesCost } from '../../src/relay/entries-cost.ts';
import { type IdempotencyOptions, idempotent, KeyReusedError } from '../../src/relay/idempotency.ts';

const ios = (token: string, notif_id?: string): Notification => ({
  platform: 1,
  tokens: [token],
  ...(notif_id ? { notif_id } : {}),
});

function start(options: Partial<IdempotencyOptions> = {}) {
  const clock = { now: 0 };
  const sent: string[] = [];
  const answer = (notifications: readonly Notification[]): AcceptedPush => {
    sent.push(...notifications.flatMap((n) => n.tokens));
    return { requestId: `r${sent.length}`, counts: notifications.length, logs: [] };
  };
  const accept = idempotent({ accept: answer, dedupe: false, windowMs: 1000, now: () => clock.now, ...options });
  return { accept, sent, clock };
}

const keyed = (idempotencyKey: string) => ({ idempotencyKey });

test('the same key again gets the first answer, and nothing is sent', async () => {
  const { accept, sent } = start();
  const first = await accept([ios('a')], undefined, keyed('k'));
  expect(await accept([ios('a')], undefined, keyed('k'))).toEqual(first);
  expect(sent).toEqual(['a']);
});

test('another key, and no key, are other requests', async () => {
  const { accept, sent } = start();
  for (const key of ['k', 'l', '', '']) await accept([ios('a')], undefined, keyed(key));
  expect(sent).toHaveLength(4);
});

test('a key that is used for other contents is refused, and nothing is sent', async () => {
  const { accept, sent } = start();
  await accept([ios('a')], Buffer.from('one'), keyed('k'));
  expect(() => accept([ios('b')], Buffer.from('two'), keyed('k'))).toThrow(KeyReusedError);
  expect(sent).toEqual(['a']);
});

test('after the window the request is a new one', async () => {
  const { accept, sent, clock } = start();
  await accept([ios('a')], undefined, keyed('k'));
  clock.now = 999;
  await accept([ios('a')], undefined, keyed('k'));
  expect(sent).toHaveLength(1);
  clock.now = 1001;
  await accept([ios('a')], undefined, keyed('k'));
  expect(sent).toHaveLength(2);
});

test('requests that come while the first is being taken share its answer', async () => {
  const { promise, resolve } = Promise.withResolvers<AcceptedPush>();
  let calls = 0;
  const { accept } = start({
    accept: () => {
      calls++;
      return promise;
    },
  });
  const answers = [1, 2, 3].map(() => accept([ios('a')], undefined, keyed('k')));
  resolve({ requestId: 'r', counts: 1, logs: [] });
  for (const answer of await Promise.all(answers)) expect(answer.requestId).toBe('r');
  expect(calls).toBe(1);
});

test('a request that was refused can be tried again with its key', async () => {
  let calls = 0;
  const { accept } = start({
    accept: async () => {
      if (calls++ === 0) throw new Error('full');
      return { requestId: 'r', counts: 1, logs: [] };
    },
  });
  const both = [accept([ios('a')], undefined, keyed('k')), accept([ios('a')], undefined, keyed('k'))];
  for (const answer of both) await expect(answer).rejects.toThrow('full');
  expect(await accept([ios('a')], undefined, keyed('k'))).toMatchObject({ requestId: 'r' });
  expect(calls).toBe(2);
});

test('notif_id is such a key with queue.dedupe, together with whom the notification goes to', async () => {
  const { accept, sent } = start({ dedupe: true });
  const first = await accept([ios('a', 'n1')]);
  expect(await accept([{ ...ios('a', 'n1'), message: 'again' }])).toEqual(first);
  await accept([ios('b', 'n1')]);
  await accept([ios('a', 'n2')]);
  expect(sent).toEqual(['a', 'b', 'a']);
});

test('a request of which one notification has no notif_id is sent', async () => {
  const { accept, sent } = start({ dedupe: true });
  for (let i = 0; i < 2; i++) await accept([ios('a', 'n'), ios('b')]);
  expect(sent).toHaveLength(4);
});

test('without queue.dedupe a notif_id is only a name', async () => {
  const { accept, sent } = start();
  for (let i = 0; i < 2; i++) await accept([ios('a', 'n')]);
  expect(sent).toHaveLength(2);
});

test('a bounded memory is used: the oldest are forgotten first, large answers sooner', async () => {
  const { accept, sent } = start({ maxBytes: 2 * 800 });
  for (const key of ['a', 'b', 'c']) await accept([ios(key)], undefined, keyed(key));
  await accept([ios('c')], undefined, keyed('c'));
  expect(sent).toEqual(['a', 'b', 'c']);
  await accept([ios('a')], undefined, keyed('a'));
  expect(sent).toEqual(['a', 'b', 'c', 'a']);

  const logs = Array.from({ length: 6 }, () => ({ token: 't', message: 'm', error: 'e' }) as PushEntry);
  let calls = 0;
  const maxBytes = 2 * 800 + entriesCost(logs);
  const large = start({ maxBytes, accept: () => ({ requestId: `r${++calls}`, counts: 6, logs }) });
  for (const key of ['a', 'b', 'a']) await large.accept([ios(key)], undefined, keyed(key));
  expect(calls).toBe(3);
});

test('a caller that brings many requests does not make those of another forgotten', async () => {
  const { accept, sent } = start({ maxBytes: 100 * 800 });
  const as = (principal: string, key: string) => ({ ...keyed(key), principal });
  for (let i = 0; i < 30; i++) await accept([ios(`acme${i}`)], undefined, as('acme', `k${i}`));
  for (let i = 0; i < 1000; i++) await accept([ios('flood')], undefined, as('flood', `k${i}`));
  const before = sent.length;
  for (let i = 0; i < 30; i++) await accept([ios(`acme${i}`)], undefined, as('acme', `k${i}`));
  expect(sent).toHaveLength(before);
});

test('one caller’s key is nothing to another, though both have the same name', async () => {
  const { accept, sent } = start();
  const as = (apps: string[]) => ({ ...keyed('k'), principal: 'backend', allowedApps: new Set(apps) });
  await accept([ios('a')], undefined, as(['acme']));
  await accept([ios('a')], undefined, as(['beta']));
  expect(sent).toEqual(['a', 'a']);
});

test('a notif_id for another Firebase project is another push', async () => {
  const { accept, sent } = start({ dedupe: true });
  const of = (project_id: string) => [{ platform: 2, tokens: ['a'], notif_id: 'n', project_id }];
  for (const project of ['one', 'two', 'one']) await accept(of(project));
  expect(sent).toEqual(['a', 'a']);
});
