import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { sealRecord } from '../../src/apps/store/app-record.ts';
import { checkSettings } from '../../src/apps/store/check-settings.ts';
import { loadMasterKeys, type MasterKeys } from '../../src/apps/store/master-keys.ts';
import { openSqliteAppStore } from '../../src/apps/store/sqlite-app-store.ts';
import type { AppSettings } from '../../src/providers/registry.ts';
import { WatchedRelay } from '../leaks/watched-relay.ts';
import { needs } from '../support/needs.ts';
import { startTenantProviders, type Tenant } from './tenant-providers.ts';

const APPS = 1000;
// The promise is for PUSHES=100; 10 show the same in a tenth of the time.
const PUSHES = Number(process.env.PUSHES ?? 10);
const CACHE = 256;
const AT_ONCE = 16;
const MIB = 2 ** 20;

const rss = (relay: WatchedRelay): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${relay.pid}/status`, 'utf8'))?.[1]) * 1024;
const told = (bytes: number): string => `${Math.round(bytes / MIB)} MiB`;

async function openScene(env: Record<string, string> = {}) {
  const providers = await startTenantProviders();
  const relay = new WatchedRelay(env);
  onTestFinished(async () => {
    await relay.close();
    await providers.close();
  });
  writeFileSync(relay.path('ca.pem'), providers.ca);
  const { origin, tenant } = providers;
  // One platform: what is proven is about connections, not about dialects.
  const iosOnly = ({ name, settings: { ios, default_topic } }: Tenant) => ({ name, settings: { ios, default_topic } });
  const tenants = Array.from({ length: APPS }, (_, i) => iosOnly(tenant(`app${i}`)));
  const sections = (apps: object) => ({
    core: { sync: true, ca_path: relay.path('ca.pem') },
    log: { access_level: 'error' },
    ios: { ...tenant('main').settings.ios, enabled: true, production: true, endpoint: origin },
    history: { enabled: false },
    apps: { cache: CACHE, path: relay.path('apps.db'), ...apps },
  });
  /** Starts it, and tells after how many milliseconds it serves, and how much memory it takes a moment later. */
  const serve = async (apps: object) => {
    await relay.end('SIGTERM');
    const begun = performance.now();
    await relay.serve(sections(apps));
    const ms = Math.round(performance.now() - begun);
    await sleep(500);
    return { ms, bytes: rss(relay) };
  };
  return { providers, relay, tenants, serve };
}

test('a thousand apps share 256 apps’ connections: all pushes arrive, each with its own credential, and memory is bounded', {
  ...needs('linux'),
  timeout: 600_000,
}, async () => {
  const { providers, relay, tenants, serve } = await openScene();
  const none = await serve({});
  const idle = await serve(Object.fromEntries(tenants.map(({ name, settings }) => [name, settings])));
  const pushTo = async (round: number, { name }: { readonly name: string }) => {
    const tokens = Array.from({ length: PUSHES }, (_, i) => `${name}x${round}x${i}`);
    const { status, body } = await relay.ask(
      'POST',
      '/api/push',
      {},
      { notifications: [{ platform: 1, tokens, app: name }] },
    );
    expect([status, body.logs]).toEqual([200, []]);
  };
  const after: number[] = [];
  for (const round of [1, 2]) {
    const left = [...tenants];
    const worker = async () => {
      for (let next = left.pop(); next; next = left.pop()) await pushTo(round, next);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    after.push(rss(relay));
  }
  const { seen, connections } = providers;
  expect(seen).toHaveLength(2 * APPS * PUSHES);
  expect(seen.filter(({ by, token, topic }) => by !== token.split('x')[0] || topic !== `com.example.${by}`)).toEqual(
    [],
  );
  const tokens = new Set(seen.map(({ authorization }) => authorization));
  console.log(
    `${APPS} apps × ${PUSHES} pushes × 2: RSS ${told(none.bytes)} without apps, ${told(idle.bytes)} with them idle, ` +
      `${after.map(told).join(', then ')} after; ${connections.most} connections at most, ${connections.all} in all, ` +
      `${tokens.size} provider tokens; starts in ${none.ms} and ${idle.ms} ms`,
  );
  // Those that are just used come on top, and those that are being closed.
  expect(connections.most).toBeLessThan(CACHE + 8 * AT_ONCE);
  expect(connections.all).toBeLessThanOrEqual(2 * APPS * 1.1);
  expect(tokens.size).toBe(APPS);
  expect(idle.bytes - none.bytes).toBeLessThan(200 * MIB);
  expect(Math.max(...after) - idle.bytes).toBeLessThan(150 * MIB);
});

test('a thousand apps of a store are there when the relay serves', needs('linux'), async () => {
  const masterKey = randomBytes(32).toString('base64');
  const { providers, relay, tenants, serve } = await openScene({ MARTLET_MASTER_KEY: masterKey });
  const none = await serve({});
  await relay.end('SIGTERM');
  const keys = loadMasterKeys(masterKey, '') as MasterKeys;
  const store = openSqliteAppStore(relay.path('apps.db'), 1000);
  for (const { name, settings } of tenants) {
    const { facts } = checkSettings(settings as AppSettings, { allowPrivate: true });
    await store.put(name, JSON.stringify(sealRecord(name, settings as AppSettings, facts, keys, 0)), 'absent');
  }
  await store.close();
  const idle = await serve({});
  const push = { platform: 1, tokens: ['t'], topic: 'com.example.app999' };
  expect((await relay.ask('POST', '/api/push', {}, { notifications: [push] })).body.logs).toEqual([]);
  expect(providers.seen.map(({ by }) => by)).toEqual(['app999']);
  console.log(
    `${APPS} stored apps: starts in ${idle.ms} ms, without in ${none.ms} ms; RSS ${told(idle.bytes)}, ${told(none.bytes)}`,
  );
});
