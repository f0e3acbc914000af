import { expect, test } from 'vitest';
import { createPersonClient } from '../../../src/client/person/create-person-client.ts';
import type { PushSurroundings } from '../../../src/client/person/web-push.ts';
import { startSeedRelay } from '../../api/hub/seed-relay.ts';

const KEY = 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4';
const KEYS = { p256dh: KEY, auth: 'BTBZMqHH6r4Tts7J_aSIgg' };

/** A browser as far as a subscription goes. */
function browser(answer: 'granted' | 'denied' = 'granted') {
  const log: string[] = [];
  let made: { key: Uint8Array<ArrayBuffer>; endpoint: string } | undefined;
  const shown = () =>
    made && {
      options: { applicationServerKey: made.key.buffer },
      toJSON: () => ({ endpoint: made?.endpoint, keys: KEYS }),
      unsubscribe: async () => {
        log.push('unsubscribed');
        made = undefined;
        return true;
      },
    };
  const registration = {
    pushManager: {
      getSubscription: async () => shown() ?? null,
      subscribe: async ({ applicationServerKey: key }: { applicationServerKey: Uint8Array<ArrayBuffer> }) => {
        log.push('subscribed');
        made = { key, endpoint: `https://fcm.googleapis.com/fcm/send/${log.length}` };
        return shown() as NonNullable<ReturnType<typeof shown>>;
      },
    },
  };
  const surroundings: PushSurroundings = {
    serviceWorker: {
      register: async (url) => log.push(url),
      ready: Promise.resolve(registration),
      getRegistration: async () => registration,
    },
    askPermission: async () => answer,
  };
  return { surroundings, log };
}

async function started(push: PushSurroundings) {
  const relay = await startSeedRelay({});
  await relay.ask('PUT /v1/users/ada', 'boss', { name: 'Ada' });
  const token = () => relay.tokenOf('ada');
  return {
    ...relay,
    me: createPersonClient({ url: relay.url, user: 'ada', device: 'browser-1', token, push, tabs: null }),
  };
}

test('a browser is asked, subscribed and registered as a device of the person; once more changes nothing', async () => {
  const { surroundings, log } = browser();
  const { me, ask } = await started(surroundings);
  const options = { serviceWorker: '/martlet-service-worker.js', applicationServerKey: KEY };
  expect(await me.enableWebPush(options)).toMatchObject({ ok: true, id: 'browser-1' });
  expect(await me.enableWebPush(options)).toMatchObject({ ok: true, id: 'browser-1' });
  expect(log).toEqual(['/martlet-service-worker.js', 'subscribed', '/martlet-service-worker.js']);
  expect((await ask('GET /v1/users/ada/devices', 'boss')).body.devices).toMatchObject([
    { id: 'browser-1', platform: 'web' },
  ]);
});

test('a subscription that was made with another key is replaced', async () => {
  const { surroundings, log } = browser();
  const { me } = await started(surroundings);
  const other = `BA${KEY.slice(2)}`;
  await me.enableWebPush({ serviceWorker: '/w.js', applicationServerKey: other });
  await me.enableWebPush({ serviceWorker: '/w.js', applicationServerKey: KEY });
  expect(log).toEqual(['/w.js', 'subscribed', '/w.js', 'unsubscribed', 'subscribed']);
});

test('a person who says no, and a browser that cannot, are answers and no exceptions', async () => {
  const { me, ask } = await started(browser('denied').surroundings);
  const options = { serviceWorker: '/w.js', applicationServerKey: KEY };
  const message = 'the person\'s answer to notifications is "denied"';
  expect(await me.enableWebPush(options)).toEqual({ ok: false, error: { kind: 'invalid', message } });
  expect((await ask('GET /v1/users/ada/devices', 'boss')).body.devices).toEqual([]);
  const node = createPersonClient({ url: 'http://127.0.0.1:1', user: 'ada', device: 'd', token: () => 't' });
  expect(await node.enableWebPush(options)).toMatchObject({ ok: false, error: { kind: 'invalid' } });
  expect(await createPersonClient({ url: 'x', user: 'a', token: () => 't' }).enableWebPush(options)).toMatchObject({
    ok: false,
    error: { message: expect.stringContaining('device') },
  });
});

test('signing out ends the subscription of the browser, too', async () => {
  const { surroundings, log } = browser();
  const { me, ask } = await started(surroundings);
  await me.enableWebPush({ serviceWorker: '/w.js', applicationServerKey: KEY });
  expect(await me.signOut()).toEqual({ ok: true });
  expect(log.at(-1)).toBe('unsubscribed');
  expect((await ask('GET /v1/users/ada/devices', 'boss')).body.devices).toEqual([]);
});
