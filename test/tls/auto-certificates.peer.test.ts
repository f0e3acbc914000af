import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import tls from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createDispatcher } from '../../src/outbound/dispatcher.ts';
import { createProxyFor } from '../../src/outbound/proxy.ts';
import { createListener } from '../../src/tls/create-listener.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';
import { freePort } from '../support/free-port.ts';
import { needs } from '../support/needs.ts';
import { startPebble } from './pebble.ts';
import { authority, configWith, folderWith, Lines, sayVersion, startListener } from './tls-kit.ts';

const HOST = 'push.martlet.example';

const auto = (values: Record<string, unknown>) => ({
  'core.ssl': false,
  'core.auto_tls.enabled': true,
  'core.auto_tls.host': HOST,
  'core.auto_tls.http_port': '',
  ...values,
});

/** A connection whose certificate is checked against `ca`; rejects when it is not good for the host. */
async function connect(port: number, ca: string, host = HOST): Promise<tls.TLSSocket> {
  const socket = tls.connect({ host: '127.0.0.1', port, servername: host, ca, ALPNProtocols: ['h2'] });
  await once(socket, 'secureConnect');
  socket.destroy();
  return socket;
}

const served = async (port: number, ca: string, host?: string): Promise<boolean> =>
  connect(port, ca, host).then(
    () => true,
    () => false,
  );

describe('core.auto_tls against Pebble', needs('pebble'), () => {
  test('a certificate is got by TLS-ALPN-01 on the HTTPS port alone', async () => {
    const port = await freePort();
    const pebble = await startPebble({ http: await freePort(), tls: port });
    const folder = folderWith({});
    const values = auto({
      'core.auto_tls.folder': folder,
      'core.auto_tls.port': String(port),
      'core.auto_tls.directory': pebble.directory,
    });
    const server = await startListener(sayVersion, values, { dispatcher: pebble.dispatcher });
    const root = await pebble.root();
    await expect.poll(() => served(server.port, root)).toBe(true);
    expect(server.log.infos.join()).toContain(`serves ${HOST}`);
    expect(server.log.warnings).toEqual([]);
    expect(
      readdirSync(folder)
        .filter((name) => !name.endsWith('.lock'))
        .sort(),
    ).toEqual(['acme_account+key', HOST]);
    expect(readFileSync(join(folder, HOST), 'utf8')).toMatch(
      /^-----BEGIN (EC )?PRIVATE KEY-----[\s\S]+-----BEGIN CERTIFICATE-----/,
    );
    expect(statSync(join(folder, HOST)).mode & 0o077).toBe(0);
  });

  test('where the HTTPS port is not what the authority reaches, HTTP-01 is tried at once', async () => {
    const [port, http] = [await freePort(), await freePort()];
    const pebble = await startPebble({ http, tls: await freePort() });
    const values = auto({
      'core.auto_tls.folder': folderWith({}),
      'core.auto_tls.port': String(port),
      'core.auto_tls.http_port': String(http),
      'core.auto_tls.directory': pebble.directory,
    });
    const server = await startListener(sayVersion, values, { dispatcher: pebble.dispatcher });
    const root = await pebble.root();
    await expect.poll(() => served(server.port, root)).toBe(true);
    expect(server.log.warnings).toEqual([]);
  });

  test('each host has its own certificate, and the folder serves the next process', async () => {
    const port = await freePort();
    const pebble = await startPebble({ http: await freePort(), tls: port });
    const folder = folderWith({});
    const second = 'other.martlet.example';
    const values = auto({
      'core.auto_tls.folder': folder,
      'core.auto_tls.host': `${HOST}, ${second}`,
      'core.auto_tls.port': String(port),
      'core.auto_tls.directory': pebble.directory,
    });
    const first = await startListener(sayVersion, values, { dispatcher: pebble.dispatcher });
    const root = await pebble.root();
    for (const host of [HOST, second]) await expect.poll(() => served(first.port, root, host)).toBe(true);
    await first.close();
    const offline = { ...values, 'core.auto_tls.port': '0', 'core.auto_tls.directory': 'https://127.0.0.1:1/dir' };
    const next = await startListener(sayVersion, offline);
    expect(await served(next.port, root, HOST)).toBe(true);
    expect(await served(next.port, root, second)).toBe(true);
    expect(next.log.warnings).toEqual([]);
  });

  test('the authority is reached through the proxy, with its credentials', async () => {
    const port = await freePort();
    const pebble = await startPebble({ http: await freePort(), tls: port });
    const proxy = await startConnectProxy({ credentials: 'user:hunter2' });
    const proxyFor = createProxyFor({ httpProxy: `http://user:hunter2@127.0.0.1:${proxy.port}` });
    const dispatcher = createDispatcher({ proxyFor, ca: [authority.ca] });
    onTestFinished(() => dispatcher.destroy());
    const values = auto({
      'core.auto_tls.folder': folderWith({}),
      'core.auto_tls.port': String(port),
      'core.auto_tls.directory': pebble.directory,
    });
    const server = await startListener(sayVersion, values, { dispatcher });
    const root = await pebble.root();
    await expect.poll(() => served(server.port, root)).toBe(true);
    expect(new Set(proxy.seen)).toEqual(new Set([`CONNECT ${new URL(pebble.directory).host}`]));
  });

  test('an authority that is refused a look is told about, and the server goes on', async () => {
    const pebble = await startPebble({ http: await freePort(), tls: await freePort() });
    const values = auto({
      'core.auto_tls.folder': folderWith({}),
      'core.auto_tls.port': '0',
      'core.auto_tls.directory': pebble.directory,
    });
    const server = await startListener(sayVersion, values, { dispatcher: pebble.dispatcher });
    await expect.poll(() => server.log.warnings).toHaveLength(1);
    expect(server.log.warnings[0]).toMatch(
      /no certificate for push\.martlet\.example: tls-alpn-01: .+; again in \d+ s/,
    );
  });
});

test('an authority that cannot be reached is told about', async () => {
  const values = auto({
    'core.auto_tls.folder': folderWith({}),
    'core.auto_tls.port': '0',
    'core.auto_tls.directory': 'https://127.0.0.1:1/dir',
  });
  const server = await startListener(sayVersion, values);
  await expect.poll(() => server.log.warnings).toHaveLength(1);
  expect(server.log.warnings[0]).toContain('ECONNREFUSED');
});

test('a plain port that is taken is told about and is no reason not to serve', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  const server = await startListener(
    sayVersion,
    auto({
      'core.auto_tls.folder': folderWith({}),
      'core.auto_tls.port': '0',
      'core.auto_tls.http_port': String(port),
      'core.auto_tls.directory': 'https://127.0.0.1:1/dir',
    }),
  );
  expect(server.log.warnings[0]).toContain('core.auto_tls.http_port');
  taken.close();
});

test.each([
  ['', 'core.auto_tls.host: must name the host'],
  ['*.example.com', '"*.example.com" is no public host name'],
  ['10.0.0.1', '"10.0.0.1" is no public host name'],
  ['localhost', '"localhost" is no public host name'],
])('the host %j is a mistake', (host, complaint) => {
  const config = configWith(auto({ 'core.auto_tls.host': host, 'core.auto_tls.folder': folderWith({}) }));
  expect(() => createListener({ config, app: sayVersion, log: new Lines() })).toThrow(complaint);
});

test('a folder that cannot be made is a mistake', () => {
  const file = join(folderWith({ file: '' }), 'file');
  const config = configWith(auto({ 'core.auto_tls.folder': join(file, 'cache') }));
  expect(() => createListener({ config, app: sayVersion, log: new Lines() })).toThrow('core.auto_tls.folder');
});
