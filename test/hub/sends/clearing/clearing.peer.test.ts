import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { needs } from '../../../support/needs.ts';
import { Clock, change, iosToken, phone } from '../../directory.ts';
import { type HubPlace, hubEngines } from '../../hub-engines.ts';
import { policy } from '../../notifications/decide-cases.ts';
import { hubOfSends } from '../hub-of-sends.ts';

const MINUTE = 60_000;
const ada = { app: 'default', user: 'ada' };
const android = { platform: 'android', token: 'android-token-of-ada' };

describe.each(hubEngines)('what is read elsewhere, in $name,', ({ needs: lacks, start }) => {
  describe('is taken away on the other devices', needs(...lacks), () => {
    let place: HubPlace;
    let clock: Clock;
    let hub: ReturnType<typeof hubOfSends>;
    let sent = 0;

    beforeAll(async () => {
      place = await start();
    });
    beforeEach(async () => {
      clock = new Clock();
      hub = hubOfSends(await place.open(clock.now), clock);
      await hub.devices.put(change, 'd1', phone(1, { user: 'ada', environment: 'production' }));
      await hub.devices.put(change, 'd2', { ...android, user: 'ada' });
    });
    afterEach(async () => {
      await hub.sends.close();
      await hub.store.close();
    });
    afterAll(() => place?.end());

    const push = async (id: string, more: object = {}): Promise<void> => {
      await hub.send({ id, to: { users: ['ada'] }, mode: 'push_only', ...more });
      clock.pass(1);
      sent = hub.carrier.taken.length;
    };
    /** What devices were told since the last push. */
    const told = async () => {
      await hub.pass(1000);
      const batches = hub.carrier.taken.slice(sent);
      sent = hub.carrier.taken.length;
      return batches.map(({ notification }) => notification);
    };

    test('where it is asked for, by a push that shows nothing', async () => {
      await push('n1');
      await push('n2');
      await hub.inbox.mark(ada, 'n1', 'read', { clear: true });
      const data = { clear: 'read', unread: '1', notification_id: 'n1' };
      const [ios, droid] = await told();
      expect(ios).toMatchObject({
        ...{ tokens: [iosToken(1)], badge: 1, content_available: true, priority: 'normal', production: true, data },
        topic: 'com.example.app',
      });
      expect(droid).toMatchObject({ tokens: [android.token], priority: 'normal', data });
      for (const each of [ios, droid]) {
        expect(each).not.toHaveProperty('title');
        expect(each).not.toHaveProperty('message');
        expect(each).not.toHaveProperty('sound');
      }
      await hub.inbox.mark(ada, 'n2', 'read', { clear: true, device: 'd1' });
      expect(await told()).toMatchObject([
        { tokens: [android.token], data: { clear: 'all', unread: '0', notification_id: 'n2' } },
      ]);
      expect(await hub.decisions()).toEqual(Array.from({ length: 4 }, () => 'ada 1 push read'));
    });

    test('and not where it is not, nor by what is only seen, nor twice', async () => {
      await push('n1');
      await hub.inbox.mark(ada, 'n1', 'seen', { clear: true });
      expect(await told()).toEqual([]);
      await hub.inbox.mark(ada, 'n1', 'read');
      expect(await told()).toEqual([]);
      await hub.inbox.mark(ada, 'n1', 'read', { clear: true });
      expect(await told()).toEqual([]);
    });

    test('all at once, where all is read', async () => {
      for (let i = 1; i <= 25; i++) await push(`n${i}`);
      await hub.inbox.readAll(ada, undefined, { clear: true });
      const pushes = await told();
      expect(pushes).toMatchObject([{ badge: 0, data: { clear: 'all', unread: '0' } }, { data: { clear: 'all' } }]);
      const { notification_ids: ids } = { ...pushes[0]?.data } as { notification_ids: string };
      expect(JSON.parse(ids)).toHaveLength(20);
    });

    test('with hub.clear_on_read always, also by an engagement, but for the device that tells of it', async () => {
      const always = hubOfSends(hub.store, clock, { ...policy, clearOnRead: true });
      await push('n1');
      await push('n2');
      await always.engagements.record({
        ...{ app: 'default', person: 'ada' },
        engagements: [{ notification: 'n1', device: 'd2', event: 'opened' }],
      });
      await always.pass(1000);
      expect(always.carrier.taken).toMatchObject([{ notification: { tokens: [iosToken(1)], badge: 1 } }]);
      await always.inbox.mark(ada, 'n2', 'read', { clear: false });
      await always.pass(1000);
      expect(always.carrier.taken).toHaveLength(1);
      await always.sends.close();
    });

    test('but not on devices that were signed out, switched off or had none of it, nor in browsers', async () => {
      await push('n1', { to: { devices: ['d1'] } });
      await hub.inbox.mark(ada, 'n1', 'read', { clear: true });
      await hub.devices.patch(change, 'd1', { enabled: false });
      expect(await told()).toEqual([]);
      await hub.devices.patch(change, 'd1', { enabled: true });
      await push('n2');
      await hub.inbox.mark(ada, 'n2', 'read', { clear: true });
      await hub.devices.put(change, 'd1', phone(1, { user: 'bob' }));
      expect(await told()).toMatchObject([{ tokens: [android.token] }]);
    });

    test('a device that people share is told whose it is, and keeps the number on its icon', async () => {
      await hub.devices.put(change, 'd1', phone(1, { users: ['ada', 'bob'] }));
      await push('n1');
      await hub.inbox.mark(ada, 'n1', 'read', { clear: true, device: 'd2' });
      const [push1] = await told();
      expect(push1).toMatchObject({ data: { user_id: 'ada', clear: 'all' } });
      expect(push1).not.toHaveProperty('badge');
    });

    test('a dead token that it meets is dead, and what waits for a repeat gives way to a later one', async () => {
      await push('n1');
      await push('n2');
      hub.carrier.fates[iosToken(1)] = 'hold';
      hub.carrier.fates[android.token] = 'dead';
      await hub.inbox.mark(ada, 'n1', 'read', { clear: true });
      await told();
      const first = hub.carrier.taken.find(({ notification }) => notification.data?.clear);
      if (!first) throw new Error('nothing was cleared');
      expect(await hub.carrier.stillWanted(first)).toEqual([true]);
      await hub.pass(MINUTE);
      expect(await hub.devices.get('default', 'd2')).toMatchObject({ status: 'invalid', reason: 'Unregistered' });
      await hub.inbox.mark(ada, 'n2', 'read', { clear: true });
      await told();
      expect(await hub.carrier.stillWanted(first)).toEqual([false]);
      const last = hub.carrier.taken.at(-1);
      if (!last) throw new Error('nothing was cleared');
      expect(await hub.carrier.stillWanted(last)).toEqual([true]);
      await hub.devices.put(change, 'd1', phone(7, { user: 'ada' }));
      expect(await hub.carrier.stillWanted(last)).toEqual([false]);
    });

    test('what the carrier does not take is handed over again', async () => {
      await push('n1');
      hub.carrier.isFull = true;
      await hub.inbox.mark(ada, 'n1', 'read', { clear: true });
      expect(await told()).toEqual([]);
      hub.carrier.isFull = false;
      await hub.pass(MINUTE);
      expect(hub.carrier.taken.slice(sent)).toHaveLength(2);
      await hub.pass(MINUTE);
      expect(hub.carrier.taken.slice(sent)).toHaveLength(2);
    });
  });
});
