import { request } from 'node:http';
import { connect } from 'node:http2';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { HUB_FILES, PAGE_FILES } from '../../../src/api/console/page-files.ts';
import { ask, bearer, KEYS, startGuardedRelay } from '../../auth/guarded-relay.ts';
import { startRelay } from '../../e2e/running-relay.ts';
import { needs } from '../../support/needs.ts';
import { authority, folderWith } from '../../tls/tls-kit.ts';
import { readEvents } from './event-reader.ts';

const EVENTS = '/v1/console/events';

/** With a Host of its own, which fetch does not allow. */
const named = (url: string, host: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    request(url, { headers: { host } }, (res) => {
      res.destroy();
      resolve(res.statusCode);
    })
      .on('error', reject)
      .end();
  });

test('without a key the page is a 401 that asks for one; the figures are for administrators of all apps', async () => {
  const someApps = { ...KEYS.admin, sha256: KEYS.reader.sha256, apps: ['shop'] };
  const { url } = await startGuardedRelay({
    auth: { keys: { ...KEYS, reader: someApps } },
    apps: { shop: { android: {} } },
  });
  const page = await ask(`${url}/console`);
  expect([page.status, page.headers.get('content-type')]).toEqual([401, 'text/html; charset=utf-8']);
  expect(page.headers.get('www-authenticate')).toBe('Bearer realm="martlet"');
  expect((await ask(`${url}/console`, { headers: bearer('pusher-key') })).status).toBe(403);
  expect((await ask(`${url}/console`, { headers: bearer('nonsense') })).status).toBe(401);
  expect((await ask(`${url}/console`, { headers: bearer('admin-key') })).status).toBe(200);
  expect(page.text).toContain('data-credential="key"');
  expect((await ask(url + EVENTS)).status).toBe(401);
  expect((await ask(url + EVENTS, { headers: bearer('pusher-key') })).status).toBe(403);
  const some = await ask(url + EVENTS, { headers: bearer('reader-key') });
  expect([some.status, JSON.parse(some.text).message]).toEqual([403, expect.stringContaining('all apps')]);
  await using events = await readEvents(url + EVENTS, bearer('admin-key'));
  expect(await events.next('hello')).toMatchObject({ version: '0', sandbox: true, push_uri: '/api/push' });
});

test('with the hub a key of some apps is let in, is told which those are, and gets no figures', async () => {
  const some = { ...KEYS.reader, scopes: ['read', 'users'], apps: ['shop', 'NEWS'] };
  const { url } = await startGuardedRelay({
    auth: { keys: { ...KEYS, reader: some } },
    apps: { shop: { android: {} }, news: { android: {} } },
    hub: { enabled: true, path: '' },
  });
  await using events = await readEvents(url + EVENTS, bearer('reader-key'));
  expect(await events.next('hello')).toMatchObject({
    ...{ hub: { push: 'local' }, apps: ['news', 'shop'], figures: false },
    may: { push: false, admin: false, users: true },
  });
  await events.next('alive');
  expect([...new Set(events.names)]).toEqual(['hello', 'alive']);
  await using all = await readEvents(url + EVENTS, bearer('admin-key'));
  expect(await all.next('hello')).toMatchObject({ apps: ['default', 'news', 'shop'], figures: true });
  await all.next('frame');
});

test('without keys it is on loopback alone, and only for who asks by a name of this machine', async () => {
  const { url } = await startGuardedRelay({ auth: {} });
  expect((await ask(`${url}/console`)).text).toContain('data-credential="none"');
  for (const host of ['localhost:1', '127.0.0.1', '[::1]:8088'])
    expect(await named(url + EVENTS, host), host).toBe(200);
  for (const host of ['attacker.example', 'localhost.attacker.example:80', '127.0.0.1.attacker.example'])
    for (const path of ['/console', '/console/main.js', EVENTS]) expect(await named(url + path, host), host).toBe(403);
});

test('without keys and open to the network it is closed, and says what to do', async () => {
  const { url } = await startGuardedRelay({ core: { address: '0.0.0.0' }, auth: {} });
  for (const path of ['/console', '/console/main.js', EVENTS]) {
    const { status, text } = await ask(url + path);
    expect([status, text], path).toEqual([403, expect.stringContaining('set auth.keys, or core.address to 127.0.0.1')]);
  }
});

test('with core.admin_address it is there, and nowhere else', async () => {
  const { url, adminUrl } = await startGuardedRelay({ core: { admin_address: '127.0.0.1:0' } });
  for (const path of ['/console', '/console/main.js', EVENTS]) expect((await ask(url + path)).status).toBe(404);
  expect((await ask(`${adminUrl}/console`)).status).toBe(401);
  expect((await ask(`${adminUrl}/console/main.js`)).status).toBe(200);
  await using events = await readEvents(`${adminUrl}${EVENTS}`, bearer('admin-key'));
  await events.next('frame');
});

test('every file of the page is served, small, with a strict policy, and not twice', async () => {
  const { url } = await startGuardedRelay({ auth: {} });
  const sizes = { page: 0, hub: 0 };
  const ofHub: ReadonlySet<string> = new Set(HUB_FILES);
  for (const name of PAGE_FILES) {
    const path = name === 'index.html' ? '/console' : `/console/${name}`;
    const { status, headers, text } = await ask(url + path);
    expect(status, path).toBe(200);
    expect(headers.get('content-security-policy'), path).toMatch(
      /default-src 'none'.*require-trusted-types-for 'script'/,
    );
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(text, path).not.toMatch(/https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
    sizes[ofHub.has(name) ? 'hub' : 'page'] += Number(headers.get('content-length'));
    const again = await ask(url + path, { headers: { 'If-None-Match': headers.get('etag') as string } });
    expect([again.status, again.text], path).toEqual([304, '']);
  }
  expect(sizes.page).toBeLessThan(36_000);
  expect(sizes.hub).toBeLessThan(60_000);
  expect((await ask(`${url}/console/index.html`)).status).toBe(404);
  expect((await ask(`${url}/console/..%2fframe.ts`)).status).toBe(404);
});

test('who knows no gzip gets the files as they are', async () => {
  const { url } = await startGuardedRelay({ auth: {} });
  const body = (encoding: string): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      request(`${url}/console/main.js`, { headers: { 'accept-encoding': encoding } }, async (res) => {
        resolve(Buffer.concat(await res.toArray()));
      })
        .on('error', reject)
        .end();
    });
  const plain = await body('identity');
  expect(plain.toString()).toContain('import ');
  expect(gunzipSync(await body('br, gzip')).equals(plain)).toBe(true);
});

test('the end of the process does not wait for those who watch', async () => {
  await using relay = await startRelay({ core: { shutdown_timeout: 120 } });
  await using events = await readEvents(relay.url + EVENTS);
  await events.next('frame');
  relay.child.kill('SIGTERM');
  await events.next('bye');
  await events.ended();
  expect(await relay.ended()).toBe(0);
});

test('over HTTP/2 it streams as well', async () => {
  const { cert, key } = authority.leaf(['localhost']);
  const folder = folderWith({ 'cert.pem': cert, 'key.pem': key });
  const ssl = { ssl: true, cert_path: join(folder, 'cert.pem'), key_path: join(folder, 'key.pem') };
  const { port } = await startGuardedRelay({ core: ssl });
  const session = connect(`https://localhost:${port}`, { ca: authority.ca });
  onTestFinished(() => session.destroy());
  const stream = session.request({ ':path': EVENTS, ...bearer('admin-key') });
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    text += chunk;
    if (text.includes('"rates"')) break;
  }
  expect(text).toMatch(/^event: hello\ndata: .*\n\n(event: hour\ndata: .*\n\n)?event: frame\n/);
});

test('a stream is neither in the access log nor in the mean answer time', async () => {
  const relay = await startGuardedRelay();
  {
    await using events = await readEvents(relay.url + EVENTS, bearer('admin-key'));
    await events.next('frame');
  }
  const { text } = await ask(`${relay.url}/sys/stats`, { headers: bearer('reader-key') });
  expect(JSON.parse(text).total_count).toBe(0);
  expect(relay.lines()).not.toContain(EVENTS);
  expect((await ask(relay.url + EVENTS)).status).toBe(401);
  expect(relay.lines()).toContain(EVENTS);
});

test('with several workers each shows the figures of all', needs('linux'), async () => {
  await using relay = await startRelay({ core: { processes: 2 } });
  await using events = await readEvents(relay.url + EVENTS);
  await events.next('frame');
  const notification = { platform: 1, tokens: ['a', 'b'], message: 'x' };
  const body = JSON.stringify({ notifications: [notification] });
  const headers = { connection: 'close' };
  await Promise.all(
    Array.from({ length: 20 }, () => fetch(`${relay.url}/api/push`, { method: 'POST', headers, body })),
  );
  for (;;) {
    const { totals } = await events.next('frame');
    if (totals.delivered === 40) break;
  }
  relay.child.kill('SIGTERM');
  await events.ended();
  expect(await relay.ended()).toBe(0);
});
