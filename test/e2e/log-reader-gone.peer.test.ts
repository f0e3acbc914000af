import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { startRelay } from './running-relay.ts';

test('a relay goes on when nothing reads its log any more', async () => {
  await using relay = await startRelay({ log: { access_level: 'info' } });
  relay.child.stdout?.destroy();
  relay.child.stderr?.destroy();
  for (let i = 0; i < 20; i++) {
    const { status } = await relay.push(
      { platform: 2, tokens: ['token'], message: 'x' },
      { platform: 98, tokens: ['a'] },
    );
    expect(status).toBe(200);
  }
  await until(() => relay.sandbox.delivered() >= 20);
  expect(relay.child.exitCode).toBeNull();
});
