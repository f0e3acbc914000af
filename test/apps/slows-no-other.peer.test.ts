import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { startHook } from '../feedback/hook-server.ts';
import { until } from '../support/until.ts';
import { startRelayWithApps } from './relay-with-apps.ts';
import { startTenantProviders, type Tenant, type TenantProviders } from './tenant-providers.ts';

/**
 * Trouble of one (a provider, an app, a hook, a large request) and a push of another, by order: the other's is done while the trouble is
 * at its height, and none of it has ended. No time is measured.
 */
let providers: TenantProviders;
beforeAll(async () => {
  providers = await startTenantProviders((_, token) => {
    if (token.startsWith('hang')) return 'hang';
    return token.startsWith('dead') ? { status: 410, body: { reason: 'Unregistered' } } : undefined;
  });
});
afterAll(() => providers.close());
beforeEach(() => void providers.seen.splice(0));

const tokens = (beginning: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${beginning}-${i.toString(16)}`);

const seen = (beginning: string): number =>
  providers.seen.filter(({ token }) => token.startsWith(`${beginning}-`)).length;

/** Whether something has ended. */
function watched(work: Promise<unknown>): () => boolean {
  let isOver = false;
  const over = (): void => {
    isOver = true;
  };
  work.then(over, over);
  return () => isOver;
}

type Settings = Tenant['settings'];
const tenant = (name: string, more: Settings = {}): Tenant => {
  const { settings } = providers.tenant(name);
  return { name, settings: { ...settings, ...more } };
};

/** What hangs is not waited for in the end. */
const start = (tenants: readonly Tenant[], core: Record<string, unknown> = {}) =>
  startRelayWithApps(providers, tenants, { core: { shutdown_timeout: 0.1, ...core } });

const QUIET = { platform: 1, topic: 'com.example' };

describe('a provider that answers nothing', () => {
  test.each([
    ['FCM', 2, 1],
    ['APNs', 1, 2],
    ['HMS', 3, 1],
  ])('%s holds up no push of another one', async (_, mute, other) => {
    const { push } = await start([tenant('main')]);
    const message = { title: 't', message: 'm', topic: mute === 1 ? 'com.example' : undefined };
    const held = watched(push({ ...message, platform: mute, tokens: tokens('hang', 1000) }));
    await until(() => seen('hang') > 0);
    for (let round = 0; round < 5; round++) {
      const answer = await push({ platform: other, title: 't', message: 'm', tokens: tokens(`good${round}`, 200) });
      expect(answer).toMatchObject({ status: 200, body: { logs: [] } });
      expect(seen(`good${round}`)).toBe(200);
    }
    expect(held()).toBe(false);
  });
});

describe('an app', () => {
  test('whose pushes all hang holds up no push of another at the same provider', async () => {
    const { push } = await start([tenant('main'), tenant('acme')]);
    const held = watched(push({ ...QUIET, app: 'acme', tokens: tokens('hang', 5000) }));
    await until(() => seen('hang') > 0);
    expect(await push({ ...QUIET, tokens: tokens('good', 500) })).toMatchObject({ body: { logs: [] } });
    expect(seen('good')).toBe(500);
    expect(held()).toBe(false);
  });

  test('at its rate limit waits alone', async () => {
    const { push } = await start([tenant('main'), tenant('acme', { rate_limit: 1 })]);
    const held = watched(push({ ...QUIET, app: 'acme', tokens: tokens('slow', 100_000) }));
    await until(() => seen('slow') > 0);
    expect(await push({ ...QUIET, tokens: tokens('good', 1000) })).toMatchObject({ body: { logs: [] } });
    expect(held()).toBe(false);
    // Each second lets one through.
    expect(seen('slow')).toBeLessThan(1000);
  });

  test('whose key is revoked fails alone', async () => {
    const { push } = await start([tenant('main'), tenant('former')]);
    providers.revoke('former');
    const [revoked, good] = await Promise.all([
      push({ ...QUIET, app: 'former', tokens: tokens('former', 100) }),
      push({ ...QUIET, tokens: tokens('good', 100) }),
    ]);
    expect(revoked.body.logs).toHaveLength(100);
    expect(good.body.logs).toEqual([]);
  });

  test('that fills its part of the queue leaves room for others', async () => {
    const { push } = await start([tenant('main'), tenant('acme')], { queue_num: 40 });
    const send = (beginning: string, app = '') => push({ ...QUIET, app, tokens: [beginning] });
    const answers = tokens('hang', 40).map((token) => send(token, 'acme'));
    // Half is its own; the pushes that are taken hang, and have no answer yet.
    const refused: number[] = [];
    for (const each of answers) void each.then(({ status }) => refused.push(status));
    await until(() => refused.length >= 20);
    expect(refused).toEqual(refused.map(() => 503));
    for (const token of tokens('good', 30))
      expect(await send(token)).toMatchObject({ status: 200, body: { logs: [] } });
  });

  test('with a notification of 50,000 tokens lets one of its own pass, long before they are sent', async () => {
    const { push } = await start([tenant('main')]);
    const large = watched(push({ ...QUIET, tokens: tokens('large', 50_000) }));
    await until(() => seen('large') > 0);
    expect(await push({ ...QUIET, tokens: ['small-0'] })).toMatchObject({ body: { logs: [] } });
    expect(large()).toBe(false);
    expect(seen('large')).toBeLessThan(25_000);
  });
});

describe('a hook that hangs', () => {
  async function twoHooks() {
    const [hanging, fine] = await Promise.all([startHook(() => 'hang'), startHook()]);
    onTestFinished(async () => {
      await Promise.all([hanging.close(), fine.close()]);
    });
    const webhook = ({ origin }: typeof fine) => ({ webhook: { url: origin, allow_private: true, timeout: 3600 } });
    const apps = [tenant('main'), tenant('acme', webhook(hanging)), tenant('beta', webhook(fine))];
    return { hanging, fine, ...(await start(apps)) };
  }

  test('holds up no other hook, and no push of its own app', async () => {
    const { hanging, fine, push } = await twoHooks();
    const failing = await push({ ...QUIET, app: 'acme', tokens: tokens('dead', 2000) });
    expect(failing.body.logs).toHaveLength(2000);
    await until(() => hanging.open.now > 0);
    expect(await push({ ...QUIET, app: 'beta', tokens: tokens('dead', 200) })).toMatchObject({ status: 200 });
    await until(() => fine.calls.length === 200);
    expect(await push({ ...QUIET, app: 'acme', tokens: tokens('good', 500) })).toMatchObject({ body: { logs: [] } });
    // None of its calls has ended.
    expect(hanging.open.now).toBe(hanging.calls.length);
    expect(hanging.open.most).toBeLessThanOrEqual(10);
  });
});
