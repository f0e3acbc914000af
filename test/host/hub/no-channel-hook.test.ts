import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { expect, onTestFinished, test } from 'vitest';
import { ask, bearer, startGuardedRelay } from '../../auth/guarded-relay.ts';
import { startHook } from '../../feedback/hook-server.ts';
import { until } from '../../support/until.ts';

const admin = bearer('admin-key');

test('who cannot be reached is told to the hook of the app, signed like a failed push; a send at once tells, too', async () => {
  const hook = await startHook();
  onTestFinished(() => hook.close());
  const other = await startHook();
  onTestFinished(() => other.close());
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const relay = await startGuardedRelay({
    hub: { enabled: true, path: '' },
    core: { feedback_hook_url: `${hook.origin}/hook`, feedback_secret: [secret] },
    apps: { shop: { webhook: { url: `${other.origin}/shop`, allow_private: true } }, silent: {} },
  });
  const post = (path: string, body: object) =>
    ask(relay.url + path, { method: 'POST', headers: admin, body: JSON.stringify(body) });
  const user = (app: string) =>
    ask(`${relay.url}/v1/users/ada?app=${app}`, { method: 'PUT', headers: admin, body: '{}' });
  for (const app of ['default', 'shop', 'silent']) {
    await user(app);
    const sent = await post(`/v1/notifications?app=${app}`, {
      ...{ id: `n-${app}`, message: 'hi', to: { users: ['ada'] }, mode: 'push_only' },
    });
    expect(JSON.parse(sent.text).status).toBe('unreachable');
  }
  await post('/v1/push/send', { user_id: 'bob', body: 'hi', message_id: 'm1' });
  await until(() => hook.calls.length === 2 && other.calls.length === 1, 'the hooks have heard');
  expect(hook.calls.map(({ body }) => body)).toEqual([
    { type: 'no-channel', app: 'default', user: 'ada', notification_id: 'n-default', reason: 'no_devices' },
    { type: 'no-channel', app: 'default', user: 'bob', notification_id: 'm1', reason: 'no_devices' },
  ]);
  expect(other.calls[0]?.body).toEqual({
    ...{ type: 'no-channel', app: 'shop', user: 'ada', notification_id: 'n-shop', reason: 'no_devices' },
  });
  const [call] = hook.calls;
  expect(call?.path).toBe('/hook');
  expect(() => new Webhook(secret).verify(call?.text ?? '', call?.headers as Record<string, string>)).not.toThrow();
  const { text } = await ask(`${relay.url}/metrics`, { headers: admin });
  expect(text).toContain('\nmartlet_hub_recipients_total{app="default",outcome="no_channel"} 2\n');
  expect(text).toContain('\nmartlet_feedback_sent_total{app="default"} 2\n');
});
