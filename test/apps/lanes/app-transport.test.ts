import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { AppTransport } from '../../../src/apps/lanes/app-transport.ts';
import { ACCEPTED, type Delivery, type Outcome, type PushTransport, type Settle } from '../../../src/push/push.ts';
import { deliveryOf } from '../../support/delivery.ts';

const delivery = (...targets: string[]): Delivery => deliveryOf(targets, { platform: 1 });

/** A provider that answers when it is told to, or when it is closed. */
function slowTransport() {
  const open: Settle[] = [];
  let closed = false;
  const answer = (outcome: Outcome): void => {
    for (const settle of open.splice(0)) settle(0, outcome);
  };
  const transport: PushTransport = {
    send: (_, settle) => void open.push(settle),
    status: () => ({ status: 'pass', sessions: 1, inFlight: open.length, capacity: 1 }),
    async close() {
      closed = true;
      answer({ kind: 'failed', category: 'unanswered', reason: 'Closed', error: 'closed' });
    },
  };
  return { transport, answer, isClosed: () => closed };
}

test('a credential that cannot be read is not read again for each push that waits', () => {
  let reads = 0;
  let now = 0;
  const transport = new AppTransport({
    build() {
      reads++;
      throw new Error('no such file');
    },
    drainMs: 1000,
    now: () => now,
  });
  const reasons: string[] = [];
  const send = (): void =>
    transport.send(delivery('a', 'b'), (_, outcome) => reasons.push('reason' in outcome ? outcome.reason : ''));
  for (let i = 0; i < 256; i++) send();
  expect(reads).toBe(1);
  expect(reasons).toHaveLength(512);
  expect(new Set(reasons)).toEqual(new Set(['CredentialUnusable']));
  now = 500;
  send();
  expect(reads).toBe(2);
});

test('a credential that was replaced is read at once', () => {
  const transport = new AppTransport({
    build() {
      throw new Error('no such file');
    },
    drainMs: 1000,
  });
  transport.send(delivery('a'), () => {});
  const { transport: next, answer } = slowTransport();
  transport.replace(() => next);
  const outcomes: Outcome[] = [];
  transport.send(delivery('b'), (_, outcome) => outcomes.push(outcome));
  answer(ACCEPTED);
  expect(outcomes).toEqual([ACCEPTED]);
});

test('connections that were replaced close once their last push has its answer', async () => {
  const [old, next] = [slowTransport(), slowTransport()];
  const transport = new AppTransport({ build: () => old.transport, drainMs: 60_000 });
  transport.send(delivery('a'), () => {});
  transport.send(delivery('b'), () => {});
  transport.replace(() => next.transport);
  await nextTurn();
  expect(old.isClosed()).toBe(false);
  old.answer(ACCEPTED);
  await nextTurn();
  expect(old.isClosed()).toBe(true);
  expect(transport.inFlight).toBe(0);
});

test('closing waits for no timer of connections that were replaced, and settles what is under way on them', async () => {
  const [old, next] = [slowTransport(), slowTransport()];
  const transport = new AppTransport({ build: () => old.transport, drainMs: 3_600_000 });
  const outcomes: Outcome[] = [];
  transport.send(delivery('a'), (_, outcome) => outcomes.push(outcome));
  transport.replace(() => next.transport);
  await transport.close();
  expect([old.isClosed(), next.isClosed()]).toEqual([true, true]);
  expect(outcomes).toMatchObject([{ category: 'unanswered' }]);
  transport.send(delivery('b'), (_, outcome) => outcomes.push(outcome));
  expect(outcomes[1]).toMatchObject({ category: 'not_sent', reason: 'ShuttingDown' });
});
