import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { startRelay } from '../e2e/running-relay.ts';
import { type HookCall, startHook } from './hook-server.ts';

const DEATHS = 4;
const TOKENS = Array.from({ length: 60 }, (_, i) => `dead0410${i.toString(16).padStart(56, '0')}`);

const idsOf = (calls: readonly HookCall[]) => new Set(calls.map(({ headers }) => headers['webhook-id']));

test('a failed push has one id at the hook, whenever the process was killed between the call and the note of it', async () => {
  const hook = await startHook(() => (deaths < DEATHS && ++calls % 9 === 1 ? die() : undefined));
  let deaths = 0;
  let calls = 0;
  let down: Promise<void> = Promise.resolve();
  await using relay = await startRelay({
    core: { feedback_hook_url: hook.origin, feedback_secret: [`whsec_${randomBytes(32).toString('base64')}`] },
  });
  // It dies in the call: of what it did in the last milliseconds some is in its file, and some is not.
  const die = (): 'hang' => {
    deaths++;
    relay.child.kill('SIGKILL');
    down = relay.ended().then(() => relay.restart());
    return 'hang';
  };
  for (const tokens of [TOKENS.slice(0, 1), TOKENS.slice(1, 20), TOKENS.slice(20)]) {
    await down;
    // The first reports of a request may come before its answer, which then does not come.
    await relay.push({ platform: 1, topic: 'com.example', tokens }).catch(() => {});
    await expect.poll(() => tokens.filter((token) => !hook.tokens().includes(token))).toEqual([]);
  }
  expect(deaths).toBe(DEATHS);
  const calledFor = Map.groupBy(hook.calls, ({ body }) => body.token);
  for (const [token, own] of calledFor) expect(idsOf(own).size, token).toBe(1);
  expect(idsOf(hook.calls).size).toBe(TOKENS.length);
  expect(hook.calls.length).toBeGreaterThan(TOKENS.length);
  await hook.close();
});
