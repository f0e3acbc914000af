import { expect, test } from 'vitest';
import type { ProviderRow } from '../../src/carrier/provider-row.ts';
import { builtIn } from '../../src/providers/registry.ts';
import type { Failed, Notification, Settlement } from '../../src/push/push.ts';
import type { StoredRequest } from '../../src/queue/queue.ts';
import type { Route } from '../../src/relay/plan.ts';
import { createRestore, type RestoreOptions } from '../../src/relay/restore.ts';
import { laneId } from '../support/lane-id.ts';
import { collectUncaught } from '../support/uncaught.ts';

function route(app: string, { platform }: Notification): Route {
  const { platform: name, requests: rules } = builtIn.numbered(platform) as ProviderRow;
  return { app, platform: name, rules, lane: laneId(), provider: 'apns', environment: 'production', slice: 100 };
}

function start(options: Partial<RestoreOptions> = {}) {
  const settled: Settlement[] = [];
  const told: string[] = [];
  const restore = createRestore({
    decoder: builtIn.decoder,
    appOf: () => ({ app: 'shop' }),
    outcomes: { refused: (settlements) => void settled.push(...settlements) },
    onDamage: (message) => told.push(message),
    ...options,
  });
  return { settled, told, restore: (stored: StoredRequest) => restore(stored, { route }) };
}

const stored = (body: unknown, more: Partial<StoredRequest> = {}): StoredRequest => ({
  id: 'r1',
  app: 'shop',
  acceptedAt: Date.now() - 5000,
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  isDone: () => false,
  ...more,
});

const two = {
  notifications: [
    { platform: 1, tokens: ['a', 'b', 'c'] },
    { platform: 1, tokens: ['d'] },
  ],
};
const failuresOf = (settled: readonly Settlement[]): string[] =>
  settled.flatMap(({ targets, outcomes }) =>
    targets.map((target, at) => `${target} ${(outcomes[at] as Failed).reason}`),
  );

test.each(['no json', '{}', '[]', '{"notifications":[{"platform":1,"tokens":7}]}', ''])(
  'a request that cannot be read fails as a whole under its id and app: %s',
  (body) => {
    const { settled, told, restore } = start();
    expect(restore(stored(body))).toEqual({ unreadable: expect.stringContaining('this version cannot read') });
    expect(settled).toMatchObject([
      {
        requestId: 'r1',
        app: 'shop',
        targets: [''],
        outcomes: [{ reason: 'Unreadable', category: 'invalid_request' }],
      },
    ]);
    expect(settled[0]?.timing.ageMs).toBeGreaterThanOrEqual(5000);
    expect(told).toEqual([expect.stringContaining('request r1 of the queue cannot be read')]);
  },
);

test('a decoder that throws is a request that cannot be read, and the mistake is seen', async () => {
  const uncaught = collectUncaught();
  const decode = (): never => {
    throw new RangeError('Invalid string length');
  };
  const { settled, restore } = start({ decoder: { decode } });
  expect(restore(stored(two))).toEqual({ unreadable: expect.stringContaining('a mistake of the relay') });
  expect(failuresOf(settled)).toEqual([' Unreadable']);
  await Promise.resolve();
  expect(uncaught.map(({ name }) => name)).toEqual(['RangeError']);
});

test('of a request that is given up each target fails that had no outcome yet', () => {
  const { settled, told, restore } = start();
  const isDone = (notification: number, place: number): boolean => notification === 0 && place !== 1;
  expect(restore(stored(two, { isDone, givenUp: { deaths: 6, mayRead: true } }))).toEqual([]);
  expect(failuresOf(settled)).toEqual(['b SetAside', 'd SetAside']);
  expect(told).toEqual([expect.stringMatching(/^request r1 of the queue is set aside: 6 processes ended/)]);
});

test('one whose reading may end the process is not read', () => {
  const decode = (): never => expect.unreachable('it was read');
  const { settled, restore } = start({ decoder: { decode } });
  restore(stored(two, { givenUp: { deaths: 7, mayRead: false } }));
  expect(failuresOf(settled)).toEqual([' SetAside']);
});

test('what no lane takes any more fails, but for what had its outcome before', () => {
  const refused: Failed = { kind: 'failed', category: 'disabled', reason: 'UnknownApp', error: 'no such app' };
  const { settled, restore } = start({ appOf: (each) => ({ ...route('gone', each), refused }) });
  expect(restore(stored(two, { isDone: (_, place) => place === 0 }))).toEqual([]);
  expect(failuresOf(settled)).toEqual(['b UnknownApp', 'c UnknownApp']);
});
