import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { type RunningRelay, startRelay } from './running-relay.ts';

const push = (relay: RunningRelay, token: string) => relay.push({ platform: 1, tokens: [token], message: 'hi' });

const log = {
  access_log: 'access.log',
  access_level: 'info',
  error_log: 'error.log',
  error_level: 'error',
  hide_token: false,
};

async function holds(file: string, text: string): Promise<void> {
  for (;;) {
    try {
      if (readFileSync(file, 'utf8').includes(text)) return;
    } catch {
      // Not there yet.
    }
    await sleep(10);
  }
}

test.each([1, 2])(
  'after a rotation and SIGHUP lines go to a new file, none lost, with %i process(es)',
  async (processes) => {
    await using relay = await startRelay({ core: { sync: true, processes }, log });
    const file = (name: string) => join(relay.folder, name);
    const dead = (mark: string) => `dead0410${mark}`;
    await push(relay, 'aaaa');
    await push(relay, dead('1'));
    await holds(file('access.log'), 'aaaa');
    await holds(file('error.log'), dead('1'));

    renameSync(file('access.log'), file('access.log.1'));
    renameSync(file('error.log'), file('error.log.1'));
    // Until the signal the old file is written on: nothing is lost between the two steps of a rotation.
    await push(relay, 'bbbb');
    await holds(file('access.log.1'), 'bbbb');

    relay.child.kill('SIGHUP');
    let round = 0;
    const both = Promise.all([holds(file('access.log'), 'cccc'), holds(file('error.log'), dead('2'))]).then(() => true);
    while (!(await Promise.race([both, sleep(20, false)]))) {
      await push(relay, `cccc${round}`);
      await push(relay, dead(`2${round++}`));
    }
    expect(readFileSync(file('access.log'), 'utf8')).not.toContain('aaaa');

    relay.child.kill('SIGTERM');
    expect(await relay.ended()).toBe(0);
    const all = ['access.log.1', 'access.log'].map((name) => readFileSync(file(name), 'utf8')).join('');
    for (let i = 0; i < round; i++) expect(all).toContain(`cccc${i}`);
  },
);

test('SIGHUP with logs to the terminal changes nothing', async () => {
  await using relay = await startRelay({ core: { sync: true }, log: { access_level: 'info', hide_token: false } });
  relay.child.kill('SIGHUP');
  await push(relay, 'aaaa');
  await until(() => relay.output().includes('aaaa'));
  expect(relay.child.exitCode).toBe(null);
});
