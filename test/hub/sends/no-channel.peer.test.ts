import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eraseSends } from '../../../src/hub/sends/erase-sends.ts';
import type { NoChannelHook, Unreached } from '../../../src/hub/sends/no-channel.ts';
import { needs } from '../../support/needs.ts';
import { Clock, change, phone } from '../directory.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';
import { policy } from '../notifications/decide-cases.ts';
import { hubOfSends } from './hub-of-sends.ts';

const HOUR = 3_600_000;
const PUSH = { to: { users: ['ada'] }, mode: 'push_only' };

/** A hook that takes everything, and has as many waiting as a test says. */
class ScriptedHook implements NoChannelHook {
  readonly told: Unreached[] = [];
  isThere = true;
  length = 0;
  hears(): boolean {
    return this.isThere;
  }
  waiting(): number {
    return this.length;
  }
  tell(unreached: Unreached): void {
    this.told.push(unreached);
  }
}

describe.each(hubEngines)('people whom nothing can reach, in $name', ({ needs: lacks, start }) => {
  describe('are told of', needs(...lacks), () => {
    let place: HubPlace;
    let clock: Clock;
    let hook: ScriptedHook;
    let hub: ReturnType<typeof hubOfSends>;

    beforeAll(async () => {
      place = await start();
    });
    beforeEach(async () => {
      clock = new Clock();
      clock.pass(12 * HOUR);
      hook = new ScriptedHook();
      hub = hubOfSends(await place.open(clock.now), clock, policy, { noChannel: hook });
      await hub.people.put({ ...change, id: 'ada' }, {});
    });
    afterEach(async () => {
      await hub.sends.close();
      await hub.store.close();
    });
    afterAll(() => place?.end());

    const waiting = async (): Promise<string[]> =>
      (await hub.store.db.selectFrom('due').select('kind').execute()).map(({ kind }) => kind);

    test('once, with the reason; nothing of it is left', async () => {
      const { id } = await hub.send(PUSH);
      await hub.pass(60_000);
      expect(hook.told).toEqual([{ app: 'default', notification: id, user: 'ada', reason: 'no_devices' }]);
      expect(await waiting()).toEqual([]);
    });

    test('with the reason of the first way of several', async () => {
      const plan = [{ channel: 'email', until: 'seen', wait: '5m' }, { channel: 'push' }];
      await hub.send({ to: PUSH.to, plan });
      expect(hook.told).toMatchObject([{ reason: 'no_address' }]);
    });

    test('not when something leaves or is held, nor who switched it off, nor who is not known', async () => {
      await hub.devices.put(change, 'd1', phone(1, { user: 'bob' }));
      await hub.devices.put(change, 'd2', phone(2, { user: 'cyd' }));
      await hub.settings.put(hub.change('cyd'), { enabled: false });
      await hub.send({ ...PUSH, to: { users: ['bob', 'cyd', 'dan'] } });
      await hub.send({ ...PUSH, mode: 'hybrid', channels: ['realtime', 'push'] });
      expect(hook.told).toEqual([]);
    });

    test('when what was held cannot reach them any more at its time', async () => {
      await hub.devices.put(change, 'd1', phone(1, { user: 'ada' }));
      const { id } = await hub.send({ ...PUSH, send_at: new Date(clock.now() + HOUR).toISOString() });
      await hub.devices.delete(change, 'd1');
      await hub.pass(HOUR);
      expect(hook.told).toEqual([{ app: 'default', notification: id, user: 'ada', reason: 'no_devices' }]);
    });

    test('nothing is written for an app without a hook', async () => {
      hook.isThere = false;
      const { answer } = await hub.sends.accept({
        ...{ app: 'default', bodyHash: 'h' },
        doc: { type: 'x', priority: 'medium', message: 'm', to: { users: ['ada'] }, mode: 'push_only' } as never,
      });
      expect(answer.recipients.no_channel).toBe(1);
      expect(await waiting()).toEqual([]);
    });

    test('later, while too many wait for the hook, and after an hour all the same', async () => {
      hook.length = 1000;
      await hub.send(PUSH);
      await hub.send(PUSH);
      expect(hook.told).toEqual([]);
      hook.length = 999;
      await hub.pass(5000);
      expect(hook.told).toHaveLength(2);
      hook.length = 1000;
      await hub.send(PUSH);
      await hub.pass(HOUR - 1);
      expect(hook.told).toHaveLength(2);
      await hub.pass(5000);
      expect(hook.told).toHaveLength(3);
      expect(await waiting()).toEqual([]);
    });

    test('not any more once they were erased', async () => {
      hook.length = 1000;
      const { id } = await hub.send(PUSH);
      expect(await waiting()).toEqual(['no-channel']);
      hub.figures.isErased = true;
      await hub.store.write((tx) => eraseSends(tx, { seal: hub.store.seal, now: clock.now() }, 'default', 'ada'));
      hook.length = 0;
      await hub.pass(10_000);
      expect(hook.told, id).toEqual([]);
      expect(await waiting()).toEqual([]);
    });

    test('all of them, when there are more than a page', async () => {
      for (let i = 0; i < 510; i++) await hub.people.put({ ...change, id: `u${i}` }, {});
      await hub.send({ ...PUSH, to: { everyone: true } });
      await hub.pass(1000);
      await hub.pass(1000);
      expect(new Set(hook.told.map(({ user }) => user)).size).toBe(511);
      expect(hook.told).toHaveLength(511);
    });
  });
});
