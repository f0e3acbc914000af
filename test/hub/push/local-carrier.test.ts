import { expect, test, vi } from 'vitest';
import { ACCEPTED, type Settlement } from '../../../src/push/push.ts';
import { QueueRefusedError } from '../../../src/queue/queue-refused-error.ts';
import { MemoryFile } from '../../simulation/memory-file.ts';
import { batchOf, failed, Listener, openBench } from './carrier-bench.ts';

test('a batch is taken once it is in the queue, and each of its targets has one outcome', async () => {
  const { carrier, heard } = openBench({
    answer: (target) => (target === 'dead' ? failed('invalid_token', { reason: 'Unregistered' }) : ACCEPTED),
  });
  expect(await carrier.send([batchOf('b1', ['a', 'dead']), batchOf('b2', ['c'])])).toEqual([]);
  expect(carrier.holds('b1')).toBe(true);
  await expect.poll(() => heard.words.toSorted()).toEqual(['a: ok', 'c: ok', 'dead: Unregistered']);
  expect(heard.ended.find(({ target }) => target === 'c')).toMatchObject({ batch: 'b2', app: 'default', attempts: 1 });
  expect(carrier.holds('b1')).toBe(false);
});

test('what fails for now is repeated though max_retry is 0, and each retry is reported', async () => {
  const { carrier, heard } = openBench({
    answer: (_, attempt) => (attempt < 12 ? failed('unavailable', { reason: 'Busy', status: 503 }) : ACCEPTED),
  });
  await carrier.send([batchOf('b1', ['a'])]);
  await expect.poll(() => heard.words).toEqual(['a: ok']);
  expect(heard.ended[0]?.attempts).toBe(13);
  expect(heard.retries.map(({ batch, targets, attempts }) => [batch, targets[0], attempts])).toEqual(
    Array.from({ length: 12 }, (_, i) => ['b1', 'a', i + 1]),
  );
  const [first] = heard.retries;
  expect(first && first.nextAt - first.at).toBeLessThanOrEqual(2);
});

test('pushes of other requests keep max_retry', async () => {
  const { accept, sent, queue } = openBench({ answer: () => failed('unavailable') });
  await accept([{ platform: 1, tokens: ['a'], message: 'hi' }]);
  await expect.poll(() => queue.depth().notifications).toBe(0);
  expect(sent).toHaveLength(1);
});

test('it is repeated until hub.push.max_age, and not until queue.max_age', async () => {
  const { carrier, heard } = openBench({ answer: () => failed('unavailable'), maxAgeMs: 40 });
  await carrier.send([batchOf('b1', ['a'])]);
  await expect.poll(() => heard.words).toEqual([expect.stringMatching(/^a: (Why|Expired)$/)]);
  expect(heard.ended[0]?.attempts).toBeGreaterThan(2);
});

test('it is given up when it expires, and what has expired already is not sent', async () => {
  const { carrier, heard, sent } = openBench({ answer: () => failed('unavailable') });
  const now = Date.now();
  await carrier.send([batchOf('b1', ['a'], { expiresAt: now - 1 }), batchOf('b2', ['b'], { expiresAt: now + 50 })]);
  expect(heard.words).toEqual(['a: Expired']);
  await expect.poll(() => heard.words).toEqual(['a: Expired', expect.stringMatching(/^b: (Why|Expired)$/)]);
  expect(sent.every(({ targets }) => targets[0] === 'b')).toBe(true);
  expect(sent[0]?.notification.expiration).toBe(Math.ceil((now + 50) / 1000));
});

test('before each retry it is asked whether the targets are still wanted; those that are not end as cancelled', async () => {
  const { carrier, heard, sent } = openBench({
    answer: (_, attempt) => (attempt === 0 ? failed('unavailable') : ACCEPTED),
  });
  heard.answer = (target) => target !== 'moved';
  await carrier.send([batchOf('b1', ['a', 'moved', 'b'])]);
  await expect.poll(() => heard.words.toSorted()).toEqual(['a: ok', 'b: ok', 'moved: Cancelled']);
  expect(heard.ended.find(({ target }) => target === 'moved')).toMatchObject({
    outcome: { category: 'cancelled' },
    attempts: 1,
  });
  expect(heard.asked).toEqual([{ batch: 'b1', app: 'default', targets: ['a', 'moved', 'b'] }]);
  expect(sent.map(({ targets }) => targets)).toEqual([
    ['a', 'moved', 'b'],
    ['a', 'b'],
  ]);
  expect(carrier.holds('b1')).toBe(false);
});

test('what others may have taken over is asked about before it is sent at all', async () => {
  const { carrier, heard, sent } = openBench({ answer: () => ACCEPTED });
  heard.doubtful = true;
  heard.answer = (target) => target !== 'taken';
  await carrier.send([batchOf('b1', ['a', 'taken'])]);
  await expect.poll(() => heard.words.toSorted()).toEqual(['a: ok', 'taken: Cancelled']);
  expect(sent.map(({ targets }) => targets)).toEqual([['a']]);
});

test('while the hub cannot say, they wait', async () => {
  const { carrier, heard, sent, queue } = openBench({ answer: () => failed('unavailable') });
  heard.stillWanted = () => Promise.reject(new Error('the store is down'));
  await carrier.send([batchOf('b1', ['a'])]);
  await expect.poll(() => queue.depth()).toMatchObject({ deferred: 1 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(sent).toHaveLength(1);
  expect(heard.ended).toEqual([]);
});

test('a lane with a rate limit sends what it has asked about, however much waits behind it', async () => {
  const { carrier, heard } = openBench({
    answer: (_, attempt) => (attempt === 0 ? failed('unavailable') : ACCEPTED),
    rateLimit: 500,
  });
  const tokens = Array.from({ length: 20 }, (_, i) => `t${i}`);
  await carrier.send([batchOf('b1', tokens)]);
  await expect.poll(() => heard.ended.length).toBe(20);
  expect(heard.ended.every(({ outcome, attempts }) => outcome.kind === 'accepted' && attempts === 2)).toBe(true);
});

test('after a restart the batch is held, asked about, sent once more, and its outcome known by its name', async () => {
  const file = new MemoryFile();
  const first = openBench({ answer: (target) => (target === 'a' ? ACCEPTED : undefined), file });
  await first.carrier.send([batchOf('b1', ['a', 'b', 'gone'])]);
  await expect.poll(() => first.heard.words).toEqual(['a: ok']);
  await first.close();
  const listener = new Listener();
  listener.answer = (target) => target !== 'gone';
  const second = openBench({ answer: () => ACCEPTED, file, listener });
  expect(second.carrier.holds('b1')).toBe(true);
  expect(second.carrier.holds('b2')).toBe(false);
  expect(await second.carrier.send([batchOf('b1', ['a', 'b', 'gone'])])).toEqual([]);
  await expect.poll(() => listener.words.toSorted()).toEqual(['b: ok', 'gone: Cancelled']);
  expect(second.sent.map(({ targets }) => targets)).toEqual([['b']]);
  expect(second.carrier.holds('b1')).toBe(false);
});

test('the same tokens with the same notif_id are another push when the batch is another', async () => {
  const { carrier, heard } = openBench({ answer: () => ACCEPTED });
  const notification = { platform: 1, tokens: ['a'], message: 'hi', notif_id: 'n1' };
  await carrier.send([batchOf('b1', [], { notification }), batchOf('b2', [], { notification })]);
  await expect.poll(() => heard.ended.map(({ batch }) => batch).toSorted()).toEqual(['b1', 'b2']);
});

test('a full queue gives the batch back, and nothing of it was taken', async () => {
  const { carrier, file, heard } = openBench({ answer: () => ACCEPTED });
  file.full = true;
  const [given] = await carrier.send([batchOf('b1', ['a'])]);
  expect(given).toMatchObject({ batch: 'b1', why: expect.stringContaining('full'), retryAfterMs: expect.any(Number) });
  expect(carrier.holds('b1')).toBe(false);
  file.full = false;
  await expect
    .poll(async () => (await carrier.send([batchOf('b1', ['a'])])).length + heard.ended.length, { interval: 100 })
    .toBe(1);
});

test('a relay that is not open yet gives everything back; what is refused for good ends', async () => {
  const { LocalCarrier } = await import('../../../src/hub/push/local-carrier.ts');
  const { AppRefusedError } = await import('../../../src/apps/choose-app.ts');
  const carrier = new LocalCarrier({ maxAgeMs: 1000 });
  expect(await carrier.send([batchOf('b1', ['a'])])).toMatchObject([{ batch: 'b1' }]);
  expect(carrier.health().status).toBe('fail');
  const accept = vi.fn();
  const queue = { health: () => ({ status: 'pass' }) as const };
  const lanes = { providerTrouble: (_: string, platform: number) => (platform === 2 ? OFF : undefined) };
  const OFF = { reason: 'PushNotConfigured', text: '' };
  const { builtIn } = await import('../../../src/providers/registry.ts');
  carrier.connect({ accept, queue, lanes, providers: builtIn });
  expect(['ios', 'android', 'pager'].map((platform) => carrier.can('default', platform))).toEqual([true, false, false]);
  expect(carrier.holds('b1')).toBeUndefined();
  accept.mockRejectedValueOnce(new QueueRefusedError('full', 7));
  expect(await carrier.send([batchOf('b1', ['a'])])).toEqual([{ batch: 'b1', why: 'full', retryAfterMs: 7000 }]);
  accept.mockRejectedValueOnce(new AppRefusedError('unknown_app', 'notifications[0].app', 'there is no such app'));
  expect(await carrier.send([batchOf('b1', ['a'])])).toEqual([]);
  const listener = new Listener();
  carrier.listen(listener);
  expect(listener.ended).toMatchObject([{ batch: 'b1', target: 'a', attempts: 0, outcome: { category: 'disabled' } }]);
});

test('an answer that comes after the end changes nothing, and the next process asks again', async () => {
  const file = new MemoryFile();
  const first = openBench({ answer: () => failed('unavailable'), file });
  const asked = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<readonly boolean[]>();
  first.heard.stillWanted = () => {
    asked.resolve();
    return answered.promise;
  };
  await first.carrier.send([batchOf('b1', ['a'])]);
  await asked.promise;
  await first.close();
  answered.resolve([false]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(first.heard.ended).toEqual([]);
  const listener = new Listener();
  const second = openBench({ answer: () => ACCEPTED, file, listener });
  await expect.poll(() => listener.words).toEqual(['a: ok']);
  expect(listener.asked).toHaveLength(1);
  expect(second.carrier.holds('b1')).toBe(false);
});

test('verdicts that come after the push was accepted are told as such, and those of other requests are not', () => {
  const { carrier, heard } = openBench({ answer: () => ACCEPTED });
  const about = (requestId: string): Settlement => ({
    ...{ requestId, app: 'shop', platform: 'expo', provider: 'expo', environment: 'production' },
    ...{ notification: { platform: 5, tokens: ['t'] }, kind: 'token', targets: ['t'], total: 1, attempts: 1 },
    ...{ outcomes: [failed('invalid_token')], timing: { acceptedAt: 0, ageMs: 1 }, late: true },
  });
  carrier.events.late?.({ verdict: 'failed', settlement: about('hub-b1') });
  carrier.events.late?.({ verdict: 'failed', settlement: about('0c9b3a1e-6f0d-4f6e-9a55-6d1f2c4b8e11') });
  expect(heard.ended).toMatchObject([
    { batch: 'b1', app: 'shop', target: 't', late: 'failed', outcome: { category: 'invalid_token' } },
  ]);
});
