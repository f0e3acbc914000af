import { expect, test } from 'vitest';
import { startGuardedRelay } from '../../auth/guarded-relay.ts';

/** What a relay with its sandbox answers. */
async function pushed(notification: object) {
  const { url } = await startGuardedRelay({ auth: {} });
  const body = JSON.stringify({ notifications: [{ platform: 'ios', notif_id: 'looked-up', ...notification }] });
  const response = await fetch(`${url}/api/push`, { method: 'POST', body });
  const answer = (await response.json()) as Record<string, unknown>;
  const explained = await fetch(`${url}/v1/pushes/looked-up`);
  return { status: response.status, answer, explained: (await explained.json()) as { pushes?: object[] } };
}

test('token for tokens is a 200 with the counts of Gorush, and says that nothing was sent and why', async () => {
  const { status, answer } = await pushed({ token: 'a'.repeat(64), message: 'hi' });
  expect(status).toBe(200);
  expect(answer).toMatchObject({
    ...{ counts: 0, logs: [], success: 'ok' },
    warnings: [
      { path: 'notifications[0].token', reason: 'is no field, and was left out', did_you_mean: 'tokens' },
      { path: 'notifications[0]', reason: 'has no target: nothing was sent' },
    ],
  });
});

test('explain says nothing_sent of it, and not delivered', async () => {
  const { explained } = await pushed({ message: 'hi', topic: 'com.example.app' });
  expect(explained.pushes).toMatchObject([{ status: 'nothing_sent', delivered: 0 }]);
});

test('an answer without anything to tell has no warnings', async () => {
  const { answer } = await pushed({ tokens: ['a1b2c3d4'.repeat(8)], topic: 'com.example.app', message: 'hi' });
  expect(Object.keys(answer)).toEqual(['counts', 'logs', 'success', 'request_id']);
});
