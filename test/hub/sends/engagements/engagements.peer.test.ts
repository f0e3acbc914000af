import { beforeEach, describe, expect, test } from 'vitest';
import type { EngagementDoc } from '../../../../src/hub/sends/engagements/engagement-doc.ts';
import { needs } from '../../../support/needs.ts';
import { type Clock, change, iosToken, phone } from '../../directory.ts';
import { hubEngines } from '../../hub-engines.ts';
import { type HubOfSends, hubsOn } from '../hubs-on.ts';

const MINUTE = 60_000;
const PUSH = { id: 'n', to: { users: ['ada'] }, mode: 'push_only' };

describe.each(hubEngines)('engagements in $name', ({ needs: lacks, start }) => {
  describe('say what became of a notification', needs(...lacks), () => {
    const fresh = hubsOn(start);
    let clock: Clock;
    let hub: HubOfSends;

    beforeEach(async () => {
      ({ clock, hub } = await fresh());
      await hub.devices.put(change, 'd1', phone(1, { user: 'ada' }));
    });

    const record = (engagements: readonly EngagementDoc[], person?: string) =>
      hub.engagements.record({ app: 'default', engagements, person });
    const ofAda = { notification: 'n', user: 'ada' } as const;
    const rows = () => hub.store.db.selectFrom('engagements').selectAll().execute();
    const recipient = () => hub.store.db.selectFrom('recipients').selectAll().executeTakeFirstOrThrow();

    test('each once, however often it is told, also at the same moment', async () => {
      await hub.send(PUSH);
      const opened = { ...ofAda, device: 'd1', event: 'opened' } as const;
      const counted = await Promise.all([record([opened, opened]), record([opened]), record([opened])]);
      expect(counted.reduce((sum, { recorded }) => sum + recorded, 0)).toBe(1);
      expect(counted.reduce((sum, { ignored }) => sum + ignored, 0)).toBe(3);
      expect(await rows()).toMatchObject([
        { ...{ app: 'default', notification: 'n', user: 'ada', device: 'd1', event: 'opened', action: '' } },
      ]);
      expect(
        await record([
          { ...ofAda, event: 'action', action: 'a' },
          { ...ofAda, event: 'action', action: 'b' },
        ]),
      ).toEqual({
        recorded: 2,
        ignored: 0,
      });
      expect((await rows()).find(({ device }) => device === 'd1')).toMatchObject({
        ...{ type: 'notification', channel: 'push', platform: 'ios', at: clock.now() },
      });
    });

    test('none at once, by a person or by a back end, are none', async () => {
      for (const person of ['ada', undefined])
        expect([person, await record([], person)]).toEqual([person, { recorded: 0, ignored: 0 }]);
    });

    test('received is delivered and acknowledged, dismissed is seen, opened is read, an action is acted on', async () => {
      await hub.send(PUSH);
      const told = async (event: EngagementDoc['event']) => {
        clock.pass(1);
        await record([{ ...ofAda, device: 'd1', event }]);
        const { acked_at, seen_at, read_at, acted_at } = await recipient();
        return [...(await hub.decisions()), ...[acked_at, seen_at, read_at, acted_at].map((at) => at !== null)];
      };
      expect(await told('received')).toEqual(['ada 1 push delivered', true, false, false, false]);
      expect(await told('dismissed')).toEqual(['ada 1 push seen', true, true, false, false]);
      expect(await told('opened')).toEqual(['ada 1 push read', true, true, true, false]);
      expect(await told('action')).toEqual(['ada 1 push read', true, true, true, true]);
      expect(await hub.inbox.counts({ app: 'default', user: 'ada' })).toMatchObject({ unread: 0, unseen: 0 });
    });

    test('received of one of two devices says nothing of the other; without a device, of neither', async () => {
      await hub.devices.put(change, 'd2', phone(2, { user: 'ada' }));
      await hub.send(PUSH);
      await record([{ ...ofAda, event: 'received' }]);
      expect(await hub.decisions()).toEqual(['ada 1 push sent', 'ada 1 push sent']);
      await record([{ ...ofAda, device: 'd2', event: 'received' }]);
      expect(await hub.decisions()).toEqual(['ada 1 push sent', 'ada 1 push delivered']);
    });

    test('received before the provider has answered is not taken back by the answer', async () => {
      hub.carrier.fates[iosToken(1)] = 'hold';
      await hub.send(PUSH);
      await record([{ ...ofAda, event: 'received' }]);
      const [batch] = hub.carrier.taken;
      if (!batch) throw new Error('no batch');
      hub.carrier.finish(batch, iosToken(1), 'refuse');
      await hub.pass(0);
      expect(await hub.decisions()).toEqual(['ada 1 push delivered']);
      expect(await hub.statusOf('n')).toBe('done');
    });

    const PLAN = [{ channel: 'push', until: 'seen', wait: 600 }, { channel: 'sms' }];
    const planned = async (): Promise<void> => {
      const sms = { phone: '+306900000000', consent: { sms: true } };
      await hub.people.put({ ...change, id: 'ada' }, sms);
      await hub.send({ ...PUSH, mode: undefined, plan: PLAN });
    };

    test('received does not end a wait for seen, and dismissed does', async () => {
      await planned();
      await record([{ ...ofAda, device: 'd1', event: 'received' }]);
      expect(await hub.decisions()).toEqual(['ada 1 push delivered', 'ada 2 sms pending']);
      await hub.pass(5 * MINUTE);
      await record([{ ...ofAda, device: 'd1', event: 'dismissed' }]);
      expect(await hub.decisions()).toEqual(['ada 1 push seen', 'ada 2 sms cancelled acked']);
      await hub.pass(60 * MINUTE);
      expect(hub.carrier.sent).toHaveLength(1);
      expect(await hub.statusOf('n')).toBe('done');
    });

    test('what was only received goes on by the plan', async () => {
      await planned();
      await record([{ ...ofAda, device: 'd1', event: 'received' }]);
      await hub.pass(10 * MINUTE);
      expect(hub.carrier.sent.at(-1)).toBe('+3069000: m1');
    });

    test('an acknowledgement of a person who is there lets what waits for seen go on waiting', async () => {
      await hub.people.put({ ...change, id: 'ada' }, { email: 'ada@example.com', consent: { email: true } });
      hub.presence.set('ada', 'active');
      const plan = [{ channel: 'realtime', until: 'seen', wait: 60 }, { channel: 'push' }];
      await hub.send({ ...PUSH, mode: undefined, plan });
      await record([{ ...ofAda, event: 'received' }]);
      expect(await hub.decisions()).toEqual(['ada 1 realtime delivered', 'ada 2 push pending']);
      await hub.pass(MINUTE);
      expect(await hub.decisions()).toEqual(['ada 1 realtime delivered', 'ada 2 push sent']);
    });

    test('opened ends all that is still to come', async () => {
      await planned();
      await record([{ ...ofAda, device: 'd1', event: 'opened' }]);
      expect(await hub.decisions()).toEqual(['ada 1 push read', 'ada 2 sms cancelled read']);
      await hub.pass(60 * MINUTE);
      expect(hub.carrier.sent).toHaveLength(1);
    });

    test('the device counts as heard of, and is the way to its person', async () => {
      await hub.send(PUSH);
      await hub.pass(5 * MINUTE);
      expect(await record([{ notification: 'n', device: 'd1', event: 'received' }])).toEqual({
        recorded: 1,
        ignored: 0,
      });
      expect(await rows()).toMatchObject([{ user: 'ada' }]);
      expect((await hub.devices.get('default', 'd1'))?.last_seen_at).toBe(clock.now());
      await hub.pass(5 * MINUTE);
      await record([{ notification: 'n', device: 'd1', event: 'received' }]);
      expect((await hub.devices.get('default', 'd1'))?.last_seen_at).toBe(clock.now());
    });

    test('what was not sent to the person, or comes from another person’s device, is ignored and moves nothing', async () => {
      await hub.devices.put(change, 'd2', phone(2, { user: 'bob' }));
      await hub.send(PUSH);
      await hub.pass(MINUTE);
      const none = { recorded: 0, ignored: 1 };
      expect(await record([{ notification: 'x', user: 'ada', event: 'opened' }])).toEqual(none);
      expect(await record([{ notification: 'n', user: 'bob', event: 'opened' }])).toEqual(none);
      expect(await record([{ notification: 'n', device: 'd2', event: 'opened' }])).toEqual(none);
      expect(await record([{ ...ofAda, device: 'd2', event: 'opened' }], 'ada')).toEqual(none);
      expect(await record([{ notification: 'n', event: 'opened' }], 'bob')).toEqual(none);
      expect((await hub.devices.get('default', 'd2'))?.last_seen_at).toBeLessThan(clock.now());
      expect(await hub.decisions()).toEqual(['ada 1 push sent']);
    });

    test('a device that is gone meanwhile is left out', async () => {
      await hub.send(PUSH);
      await hub.devices.delete(change, 'd1');
      const gone = (device: string) => record([{ ...ofAda, device, event: 'opened' }]);
      expect(await gone('d1')).toEqual({ recorded: 1, ignored: 0 });
      expect(await gone('other')).toEqual({ recorded: 0, ignored: 1 });
      expect(await rows()).toMatchObject([{ device: '', channel: '', platform: '' }]);
    });

    test('times are neither before the notification nor after now', async () => {
      await hub.send(PUSH);
      const sent = clock.now();
      clock.pass(MINUTE);
      await record([
        { ...ofAda, event: 'received', at: 0 },
        { ...ofAda, event: 'opened', at: sent + 1000 },
        { ...ofAda, event: 'dismissed', at: clock.now() + 1000 },
      ]);
      const at = Object.fromEntries((await rows()).map((row) => [row.event, row.at]));
      expect(at).toEqual({ received: sent, opened: sent + 1000, dismissed: clock.now() });
    });

    test('one person cannot fill the store about one notification', async () => {
      await hub.send(PUSH);
      const many = Array.from(
        { length: 500 },
        (_, at): EngagementDoc => ({ ...ofAda, event: 'action', action: `a${at}` }),
      );
      expect(await record(many, 'ada')).toEqual({ recorded: 100, ignored: 400 });
      expect(await record([{ ...ofAda, event: 'opened' }])).toEqual({ recorded: 0, ignored: 1 });
    });
  });
});
