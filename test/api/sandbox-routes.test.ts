import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { expect, test } from 'vitest';
import { sandboxRoutes } from '../../src/api/sandbox-routes.ts';
import { Deliveries } from '../../src/sandbox/deliveries.ts';

test('the deliveries are told newest first, as many as asked for', async () => {
  const deliveries = new Deliveries();
  for (const target of ['a', 'b', 'c']) {
    deliveries.record({
      at: 0,
      platform: 'ios',
      environment: 'production',
      kind: 'token',
      target,
      id: target,
      headers: {},
      payload: Buffer.from('{}'),
    });
  }
  const app = express().use(sandboxRoutes({ deliveries: () => deliveries.list(), delivered: () => deliveries.total }));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sandbox/deliveries`;
  const ask = async (query: string) => (await fetch(url + query, { headers: { connection: 'close' } })).json();
  const targets = ({ deliveries: list }: { deliveries: { target: string }[] }) => list.map(({ target }) => target);
  const all = (await ask('')) as { total: number; deliveries: { target: string }[] };
  expect([all.total, targets(all)]).toEqual([3, ['c', 'b', 'a']]);
  expect(targets((await ask('?limit=1')) as typeof all)).toEqual(['c']);
  expect(targets((await ask('?limit=x')) as typeof all)).toEqual([]);
  server.close();
});
