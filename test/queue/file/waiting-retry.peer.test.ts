import { expect, test } from 'vitest';
import { startRelay } from '../../e2e/running-relay.ts';

const HOUR_S = 3600;
/** The stream is reset once, then it is accepted (docs/sandbox.md). */
const RESET_ONCE = 'dead0003'.repeat(8);

test('a push that waits for its retry when the process is killed is sent at once by the next one, its attempts counted from zero', async () => {
  // A pause far beyond this test, and one retry, which is used up.
  await using relay = await startRelay({
    ios: { max_retry: 1 },
    queue: { backoff: HOUR_S, backoff_max: HOUR_S, max_age: 10 * HOUR_S },
  });
  const { body } = await relay.push({ platform: 1, topic: 'com.example', tokens: [RESET_ONCE] });
  const status = async () => {
    const { pushes } = (await relay.get(`/v1/pushes/${body.request_id}`)) as { pushes?: { status: string }[] };
    return pushes?.[0]?.status;
  };
  await expect.poll(status).toBe('retrying');
  relay.child.kill('SIGKILL');
  await relay.ended();
  await relay.restart();
  await expect.poll(status).toBe('delivered');
});
