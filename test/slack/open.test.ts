import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { NO_LATE_OUTCOMES } from '../../src/carrier/late-outcomes.ts';
import { numberedPools } from '../../src/http2/create-pool.ts';
import { openOutbound } from '../../src/outbound/outbound.ts';
import { openSlack } from '../../src/slack/open.ts';
import { maskedTarget } from '../../src/slack/target.ts';
import { deliveryOf, outcomesOf } from '../support/delivery.ts';

/** A webhook at a private address, and what a push to it comes to. */
async function start(answer: { readonly status: number; readonly headers?: Record<string, string> } = { status: 200 }) {
  const paths: (string | undefined)[] = [];
  const server = createServer((req, res) => {
    paths.push(req.url);
    res.writeHead(answer.status, answer.headers).end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const outbound = openOutbound({ core: { ca_path: '', http_proxy: '' }, createPool: numberedPools() });
  onTestFinished(async () => {
    await outbound.close();
    server.close();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const opened = openSlack({ outbound, env: {}, late: NO_LATE_OUTCOMES, sectionOf: () => undefined, log: () => {} });
  const push = async (networks: string[], plan: { readonly trusted: boolean; readonly own: boolean }) => {
    const section = {
      ...{
        enabled: true,
        token: '',
        webhook_hosts: [origin],
        private_networks: networks,
        endpoint: 'https://slack.com',
      },
      ...{ webhook_endpoint: '', max_retry: 0, rate_limit: 0, request_timeout: 5 },
    };
    const transport = opened.transport({
      ...{ app: 'acme', environment: 'production', origin: 'store', section },
      ...plan,
    });
    const [outcome] = await outcomesOf(transport, deliveryOf([`${origin}/services/T/B/x`], { platform: 9 }));
    await transport.close();
    return outcome;
  };
  return { push, paths };
}

const OPERATOR = { trusted: true, own: false } as const;

test('a webhook at a private address is called where slack.private_networks has it, and nowhere else', async () => {
  const { push, paths } = await start();
  expect(await push([], OPERATOR)).toMatchObject({ kind: 'failed', reason: 'ConnectionFailed' });
  expect(await push(['127.0.0.0/8'], { trusted: false, own: true })).toMatchObject({ reason: 'ConnectionFailed' });
  expect(paths).toEqual([]);
  expect(await push(['127.0.0.0/8'], OPERATOR)).toMatchObject({ kind: 'accepted' });
  expect(paths).toEqual(['/services/T/B/x']);
});

test('a redirect of a webhook is not followed', async () => {
  const { push, paths } = await start({ status: 302, headers: { location: '/elsewhere' } });
  expect(await push(['127.0.0.0/8'], OPERATOR)).toMatchObject({ kind: 'failed' });
  expect(paths).toEqual(['/services/T/B/x']);
});

test('logs show of a webhook its host alone', () => {
  expect(maskedTarget('https://hooks.slack.com/services/T0/B0/secret')).toBe('https://hooks.slack.com/***');
  expect(maskedTarget('#general')).toBe('#general');
});
