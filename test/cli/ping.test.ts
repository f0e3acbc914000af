import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { originOf, ping } from '../../src/cli/ping.ts';
import { configWith, startListener } from '../tls/tls-kit.ts';

describe('where --ping asks', () => {
  test.each([
    [{}, 'http://localhost:8088'],
    [{ 'core.address': '0.0.0.0', 'core.port': '9' }, 'http://localhost:9'],
    [{ 'core.address': '10.0.0.1' }, 'http://10.0.0.1:8088'],
    [{ 'core.address': '::1', 'core.ssl': true }, 'https://[::1]:8088'],
    [{ 'core.auto_tls.enabled': true }, 'https://localhost:443'],
    [{ 'core.auto_tls.enabled': true, 'core.auto_tls.port': '8443' }, 'https://localhost:8443'],
  ])('%j', (values, url) => {
    expect(originOf(configWith(values))).toBe(url);
  });
});

const health = (status: number) => (_req: unknown, res: { writeHead(status: number): { end(): void } }) =>
  void res.writeHead(status).end();

test.each([true, false])('a healthy server is found, with core.ssl %s', async (ssl) => {
  const server = await startListener(health(200) as never, { 'core.ssl': ssl });
  const config = configWith({ 'core.ssl': ssl, 'core.address': '127.0.0.1', 'core.port': String(server.port) });
  expect(await ping(config)).toBe(true);
});

test('the health check is where the configuration says', async () => {
  const paths: string[] = [];
  const answer = (req: { url: string }, res: { end(): void }): void => {
    paths.push(req.url);
    res.end();
  };
  const server = await startListener(answer as never, { 'core.ssl': false });
  const at = { 'core.address': '127.0.0.1', 'core.port': String(server.port), 'api.health_uri': '/up' };
  expect(await ping(configWith(at))).toBe(true);
  expect(paths).toEqual(['/up']);
});

const linkLocal = Object.entries(networkInterfaces())
  .flatMap(([name, all = []]) => all.map((each) => ({ name, ...each })))
  .find(({ family, scopeid }) => family === 'IPv6' && Number(scopeid) > 0);
const addressesOfThisMachine = ['::1', ...(linkLocal ? [`${linkLocal.address}%${linkLocal.name}`] : [])];

test.each(addressesOfThisMachine)('a server at %s is found', async (address) => {
  const server = createServer(health(200) as never).listen(0, address);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  expect(await ping(configWith({ 'core.address': address, 'core.port': String(port) }))).toBe(true);
});

test('a server that wants client certificates is found', async () => {
  const { folder } = await startListener(health(200) as never);
  const clientCa = join(folder, 'cert.pem');
  const server = await startListener(health(200) as never, { 'core.client_ca': clientCa });
  const config = configWith({ 'core.ssl': true, 'core.address': '127.0.0.1', 'core.port': String(server.port) });
  expect(await ping(config)).toBe(true);
});

test('an answer other than 200, the wrong scheme and no server are no', async () => {
  const server = createServer(health(503) as never).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const at = { 'core.address': '127.0.0.1', 'core.port': String(port) };
  expect(await ping(configWith(at))).toBe(false);
  expect(await ping(configWith({ ...at, 'core.ssl': true }))).toBe(false);
  expect(await ping(configWith({ ...at, 'core.port': '1' }))).toBe(false);
});
