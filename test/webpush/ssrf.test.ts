import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Resolve } from '../../src/outbound/dns-resolve.ts';
import { openSecureServer } from '../../src/sandbox/secure-server.ts';
import { generateVapidPair } from '../../src/webpush/credentials.ts';
import { authority, leaf, push, reasonsOf, startTransport, subscriptionAt, type WebOptions } from './web-workplace.ts';

const pair = generateVapidPair();
const LOOPBACK = { private_networks: ['127.0.0.0/8'] };

const transportWith = (options: Partial<WebOptions>) => startTransport({ vapid: [pair], ...options });

/** A server that must not be called: what it hears. */
async function startWatcher(): Promise<{ port: number; heard: () => number }> {
  let heard = 0;
  const server = createServer((socket) => {
    heard++;
    socket.on('error', () => {}).destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, heard: () => heard };
}

const resolvesTo =
  (...addresses: string[]): Resolve =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

describe('an endpoint that a device chose leads to no private address', () => {
  test.each([
    ['an address', '127.0.0.1'],
    ['an address in other digits', '2130706433'],
    ['an IPv6 address', '[::1]'],
    ['an IPv4 address in IPv6', '[::ffff:127.0.0.1]'],
    ['localhost', 'localhost'],
  ])('%s, even when the list of hosts has it', async (_, host) => {
    const { port, heard } = await startWatcher();
    const transport = transportWith({ extraHosts: [`${host}:${port}`] });
    const outcomes = await push(transport, [subscriptionAt(`https://${host}:${port}/x`)]);
    expect(reasonsOf(outcomes)).toEqual(['PrivateAddress invalid_request']);
    expect(outcomes[0]).toMatchObject({ sparesLane: true });
    expect(JSON.stringify(outcomes)).not.toContain('127.0.0.1');
    expect(heard()).toBe(0);
  });

  test.each([['127.0.0.1'], ['8.8.8.8', '10.0.0.1'], ['169.254.169.254'], ['fd00::1']])(
    'a name that resolves to %j is refused whole',
    async (...addresses) => {
      const { port, heard } = await startWatcher();
      const transport = transportWith({ extraHosts: [`push.example.net:${port}`], resolve: resolvesTo(...addresses) });
      const outcomes = await push(transport, [subscriptionAt(`https://push.example.net:${port}/x`)]);
      expect(reasonsOf(outcomes)).toEqual(['PrivateAddress invalid_request']);
      expect(heard()).toBe(0);
    },
  );

  test('a name that changes its mind (DNS rebinding) is looked at for each connection, and connected where it was looked at', async () => {
    const { port, heard } = await startWatcher();
    const answers = ['10.0.0.1', '127.0.0.1'];
    const resolve: Resolve = async () => [{ address: answers.shift() ?? '127.0.0.1', family: 4 }];
    const transport = transportWith({ extraHosts: [`push.example.net:${port}`], resolve });
    for (let round = 0; round < 2; round++) {
      const outcomes = await push(transport, [subscriptionAt(`https://push.example.net:${port}/x`)]);
      expect(reasonsOf(outcomes)[0]).toMatch(/^PrivateAddress /);
    }
    expect(heard()).toBe(0);
  });

  test.each(['https://fcm.googleapis.com@127.0.0.1/x', 'https://user:pw@fcm.googleapis.com/x', 'https://127.0.0.1/x'])(
    '%s is on no list',
    async (endpoint) => {
      expect(reasonsOf(await push(transportWith({}), [subscriptionAt(endpoint)]))).toEqual([
        'BlockedHost invalid_request',
      ]);
    },
  );

  test('a redirect is not followed, over HTTP/2 and over HTTP/1.1', async () => {
    const { port, heard } = await startWatcher();
    const to = `http://127.0.0.1:${port}/`;
    const secure = await openSecureServer({ leaf }, (exchange) => exchange.respond(307, { location: to }));
    onTestFinished(() => secure.close());
    const plain = http.createServer((request, response) =>
      request.resume().on('end', () => response.writeHead(308, { location: to }).end()),
    );
    plain.listen(0, '127.0.0.1');
    await once(plain, 'listening');
    onTestFinished(() => void plain.close());
    const at = [secure.origin, `http://127.0.0.1:${(plain.address() as AddressInfo).port}`];
    const extraHosts = at.map((origin) => origin.replace('https://', ''));
    const transport = transportWith({ extraHosts, ways: LOOPBACK });
    const outcomes = await push(
      transport,
      at.map((origin) => subscriptionAt(`${origin}/x`)),
    );
    expect(reasonsOf(outcomes)).toEqual(Array(2).fill('Redirect invalid_request'));
    expect(heard()).toBe(0);
  });
});

test('a private network that the operator lists is called, by name too', async () => {
  const seen: string[] = [];
  const server = await openSecureServer({ leaf: authority.leaf(['ntfy.home.arpa']) }, (exchange) => {
    seen.push(String(exchange.headers[':authority']));
    exchange.respond(200);
  });
  onTestFinished(() => server.close());
  const { port } = new URL(server.origin);
  const transport = transportWith({
    extraHosts: [`ntfy.home.arpa:${port}`],
    ways: LOOPBACK,
    resolve: resolvesTo('127.0.0.1'),
  });
  const outcomes = await push(transport, [subscriptionAt(`https://ntfy.home.arpa:${port}/upABC?up=1`)]);
  expect(reasonsOf(outcomes)).toEqual(['accepted']);
  expect(seen).toEqual([`ntfy.home.arpa:${port}`]);
});
