import { expect, test } from 'vitest';
import { instanceName, waitFor } from '../../../src/queue/nats/nats-instances.ts';

const name = instanceName(5000, 'host-1');

test('the server waits for the longest lease of those that are there', () => {
  expect(waitFor([name, name], 30_000)).toBe(5000);
  expect(waitFor([name, instanceName(8000, 'host-2')], 30_000)).toBe(8000);
});

test('an instance of before, which says nothing of a lease, is waited for as before', () => {
  expect(waitFor([name, 'martlet-host-1'], 30_000)).toBe(30_000);
});
