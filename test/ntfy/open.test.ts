import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { NO_LATE_OUTCOMES } from '../../src/carrier/late-outcomes.ts';
import { numberedPools } from '../../src/http2/create-pool.ts';
import { openNtfy } from '../../src/ntfy/open.ts';
import { ntfy } from '../../src/ntfy/provider.ts';
import { openOutbound } from '../../src/outbound/outbound.ts';
import { deliveryOf, outcomesOf } from '../support/delivery.ts';

const SECTION = {
  ...{ enabled: true, token: '', username: '', password: '', max_retry: 0, rate_limit: 0, request_timeout: 5 },
};

/** A server at a private address, and a transport of each kind of plan to it. */
async function start() {
  let calls = 0;
  const server = createServer((_req, res) => {
    calls++;
    res.end('{"id":"abcdefghijkl"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const outbound = openOutbound({ core: { ca_path: '', http_proxy: '' }, createPool: numberedPools() });
  onTestFinished(async () => {
    await outbound.close();
    server.close();
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const opened = openNtfy({ outbound, env: {}, late: NO_LATE_OUTCOMES, sectionOf: () => undefined, log: () => {} });
  const push = async (trusted: boolean, own: boolean) => {
    const plan = { app: 'acme', environment: 'production', origin: 'store', trusted, own } as const;
    const transport = opened.transport({ ...plan, section: { ...SECTION, endpoint } });
    const [outcome] = await outcomesOf(transport, deliveryOf(['alerts'], { platform: 6 }));
    await transport.close();
    return outcome;
  };
  return { push, calls: () => calls };
}

test('a server that an app of /v1/apps names is not reached at a private address', async () => {
  const { push, calls } = await start();
  expect(await push(false, true)).toMatchObject({ kind: 'failed', reason: 'ConnectionFailed' });
  expect(calls()).toBe(0);
});

test('that of config.yml is, for such an app as well', async () => {
  const { push, calls } = await start();
  expect(await push(true, true)).toMatchObject({ kind: 'accepted' });
  expect(await push(false, false)).toMatchObject({ kind: 'accepted' });
  expect(calls()).toBe(2);
});

test('pushes live for a day, whatever queue.max_age says', () => {
  expect(ntfy.delivery.retries?.({ ...SECTION, endpoint: 'https://ntfy.sh' })).toEqual({ maxAge: 86_400 });
});
