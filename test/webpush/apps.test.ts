import { describe, expect, onTestFinished, test } from 'vitest';
import { generateVapidPair } from '../../src/webpush/credentials.ts';
import { startSandboxedRelay } from '../api/openapi/sandboxed-relay.ts';
import { SUBJECT } from './web-workplace.ts';

async function start() {
  const relay = await startSandboxedRelay();
  onTestFinished(() => relay[Symbol.asyncDispose]());
  return async (method: string, path: string, body?: object) => {
    const answer = await fetch(relay.url + path, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await answer.text();
    return { status: answer.status, text, json: JSON.parse(text || 'null') };
  };
}

describe('an app made by /v1/apps', () => {
  test('has key pairs of its own, which are sealed and never shown', async () => {
    const call = await start();
    const [pair, old] = [generateVapidPair(), generateVapidPair()];
    const web = {
      subject: SUBJECT,
      vapid: [
        { id: 'a', ...pair },
        { private_key: old.private_key, state: 'old' },
      ],
    };
    const made = await call('PUT', '/v1/apps/shop', { web });
    expect([200, 201]).toContain(made.status);
    const shown = await call('GET', '/v1/apps/shop');
    expect(shown.json).toMatchObject({
      web: { has_key: true, kind: 'vapid', public_key: pair.public_key, key_id: 'a', pairs: '2' },
    });
    for (const { text } of [made, shown]) {
      expect(text).not.toContain(pair.private_key);
      expect(text).not.toContain(old.private_key);
    }
  });

  test.each([
    ['a private key that is none', { vapid: [{ private_key: 'abc' }], subject: SUBJECT }, 'web.vapid[0].private_key'],
    ['another state', { vapid: [{ ...generateVapidPair(), state: 'new' }], subject: SUBJECT }, 'web.vapid.state'],
    ['a bare address', { vapid: [generateVapidPair()], subject: 'push@martlet.dev' }, 'web.subject'],
    ['no subject', { vapid: [generateVapidPair()] }, 'web.subject'],
    ['a text for a list', { vapid: 'x' }, 'web.vapid'],
    ['private networks', { private_networks: ['10.0.0.0/8'] }, 'web.private_networks'],
    ['an address of its own', { endpoint: 'http://10.0.0.1' }, 'web.endpoint'],
  ])('is refused with %s, by the name of the key', async (_, web, path) => {
    const call = await start();
    const { status, text } = await call('PUT', '/v1/apps/shop', { web });
    expect(status).toBe(400);
    expect(text).toContain(path);
  });
});
