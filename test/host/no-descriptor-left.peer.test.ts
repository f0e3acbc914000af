import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type RunningRelay, startRelay } from '../e2e/running-relay.ts';
import { needs } from '../support/needs.ts';
import { until } from '../support/until.ts';

const EXHAUST = ['--import', fileURLToPath(new URL('../support/exhaust-descriptors.ts', import.meta.url))];

const pushes = [
  { platform: 1, topic: 'com.example.app', tokens: ['a1b2c3d4'.repeat(8)], message: 'x' },
  { platform: 2, tokens: ['token'], message: 'x' },
  { platform: 3, tokens: ['token'], title: 'x', message: 'x' },
];

const JSON_BODY = { 'content-type': 'application/json' };

async function ask(relay: RunningRelay, message: 'exhaust' | 'release'): Promise<unknown> {
  relay.child.send(message);
  const [answer] = await once(relay.child, 'message');
  return answer;
}

/** Of a scrape: what matches, summed. */
async function metric(relay: RunningRelay, pattern: RegExp): Promise<number> {
  const text = await (await fetch(`${relay.url}/metrics`)).text();
  return text
    .split('\n')
    .filter((line) => pattern.test(line))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

test(
  'without a free file descriptor no push fails: each waits, and is sent when there is one',
  needs('linux'),
  async () => {
    const masterKey = randomBytes(32).toString('base64');
    const how = { nodeArgs: EXHAUST, before: 'ulimit -n 256', env: { MARTLET_MASTER_KEY: masterKey } };
    const queue = { backoff: 0.1, backoff_max: 0.5 };
    await using relay = await startRelay({ queue }, {}, undefined, how);
    // The connection of this test is open from now on, and nothing else of what sends is: no key has signed, no library is loaded.
    await relay.get('/readyz');
    expect(await ask(relay, 'exhaust')).toBe('EMFILE');
    const taken = await relay.push(...pushes);
    expect(taken.status).toBe(200);
    await until(async () => (await metric(relay, /^martlet_retries_total/)) >= 6, 'pushes are tried again');
    expect(await metric(relay, /^martlet_pushes_total\{.*outcome="failed"/)).toBe(0);

    const { p8, keyId, teamId } = relay.sandbox.credentials.apns;
    const ios = { key_base64: Buffer.from(p8).toString('base64'), key_type: 'p8', key_id: keyId, team_id: teamId };
    const putApp = () =>
      fetch(`${relay.url}/v1/apps/late`, { method: 'PUT', body: JSON.stringify({ ios }), headers: JSON_BODY });
    // What cannot be done now is not the caller's mistake.
    const now = (await putApp()).status;
    expect(now === 201 || now >= 500).toBe(true);

    await ask(relay, 'release');
    await until(() => relay.sandbox.delivered() === pushes.length, 'all are delivered');
    expect(await metric(relay, /^martlet_pushes_total\{.*outcome="failed"/)).toBe(0);
    expect((await putApp()).status).toBe(now === 201 ? 200 : 201);
    expect(relay.output()).not.toContain('nothing handles');
  },
);
