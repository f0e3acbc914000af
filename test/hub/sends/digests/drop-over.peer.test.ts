import { beforeEach, describe, expect, test } from 'vitest';
import { cancelNotification } from '../../../../src/hub/sends/cancelling.ts';
import { needs } from '../../../support/needs.ts';
import { type Clock, change, iosToken, phone } from '../../directory.ts';
import { hubEngines } from '../../hub-engines.ts';
import { type HubOfSends, hubsOn, NOON } from '../hubs-on.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WINDOW = 15 * MINUTE;
const DIGEST = { to: { users: ['ada'] }, mode: 'redundant', digest: { key: 'k', window: '15m' } };
const BOTH = { ...DIGEST, channels: ['realtime', 'push'] };

describe.each(hubEngines)('a digest that leaves later, in $name,', ({ needs: lacks, start }) => {
  describe('tells of what is left:', needs(...lacks), () => {
    const fresh = hubsOn(start);
    let clock: Clock;
    let hub: HubOfSends;

    beforeEach(async () => {
      ({ clock, hub } = await fresh(NOON));
      await hub.devices.put(change, 'd1', phone(1, { user: 'ada' }));
    });

    const quiet = () => hub.settings.put(hub.change('ada'), { quiet_hours: { start: '12:10', end: '15:00' } });
    const mark = (id: string | undefined, as: 'acked' | 'read') =>
      hub.inbox.mark({ app: 'default', user: 'ada' }, id as string, as);
    const read = (id: string | undefined) => mark(id, 'read');
    const cancel = (id: string | undefined) =>
      cancelNotification({ store: hub.store, now: clock.now }, 'default', id as string);
    const digest = async () =>
      (await hub.store.db.selectFrom('notifications').select('id').where('id', 'like', 'digest-%').execute()).map(
        ({ id }) => id,
      );
    const timers = () => hub.store.db.selectFrom('due').select('kind').execute();

    test('by push in the morning, where it has left by the stream at night', async () => {
      await quiet();
      const expires_at = new Date(clock.now() + HOUR).toISOString();
      const [cancelled, seen, acked, expired, replaced, other] = [
        (await hub.send(BOTH)).id,
        (await hub.send(BOTH)).id,
        (await hub.send(BOTH)).id,
        (await hub.send({ ...BOTH, expires_at })).id,
        (await hub.send({ ...BOTH, collapse_key: 'c' })).id,
        (await hub.send(BOTH)).id,
      ];
      await hub.pass(WINDOW);
      const [id] = await digest();
      expect(await hub.decisions(id)).toEqual(['ada 1 push deferred quiet_hours', 'ada 2 realtime sent']);
      await cancel(cancelled);
      await read(seen);
      await mark(acked, 'acked');
      await hub.send({ to: { users: ['ada'] }, mode: 'realtime_only', collapse_key: 'c' });
      await hub.pass(3 * HOUR - WINDOW);
      expect(hub.carrier.sent).toEqual(['00000001: m6']);
      expect(hub.carrier.taken[0]?.notification).toMatchObject({
        title: '1 notification',
        data: { count: 1, items: [{ id: other }] },
      });
      expect(await hub.decisions(cancelled)).toEqual(['ada 1 realtime sent', 'ada 2 push cancelled cancelled']);
      expect(await hub.decisions(seen)).toEqual(['ada 1 realtime read', 'ada 2 push cancelled read']);
      expect(await hub.decisions(acked)).toEqual(['ada 1 realtime delivered', 'ada 2 push cancelled acked']);
      expect(await hub.decisions(expired)).toEqual(['ada 1 realtime sent', 'ada 2 push expired expired']);
      expect(await hub.decisions(replaced)).toEqual(['ada 1 realtime sent', 'ada 2 push cancelled superseded']);
      expect(await hub.decisions(other)).toEqual(['ada 1 realtime sent', 'ada 2 push sent']);
      for (const each of [seen, expired, replaced, other]) expect(await hub.statusOf(each as string)).toBe('done');
      expect(await timers()).toEqual([]);
    });

    test('nothing, where all of it was read', async () => {
      await quiet();
      const { id } = await hub.send(BOTH);
      await hub.pass(WINDOW);
      await read(id);
      await hub.pass(3 * HOUR);
      expect(hub.carrier.sent).toEqual([]);
      expect(await hub.decisions((await digest())[0])).toEqual([
        'ada 1 push cancelled cancelled',
        'ada 2 realtime sent',
      ]);
      expect(await hub.decisions(id)).toEqual(['ada 1 realtime read', 'ada 2 push cancelled read']);
      expect(await timers()).toEqual([]);
    });

    test('where the carrier did not take it at first', async () => {
      hub.carrier.isFull = true;
      const { id } = await hub.send({ ...DIGEST, channels: ['push'] });
      const other = await hub.send({ ...DIGEST, channels: ['push'] });
      await hub.pass(WINDOW);
      await cancel(id);
      hub.carrier.isFull = false;
      await hub.pass(MINUTE);
      expect(hub.carrier.sent).toEqual(['00000001: m2']);
      expect(await hub.decisions(id)).toEqual(['ada 1 push cancelled cancelled']);
      expect(await hub.decisions(other.id)).toEqual(['ada 1 push sent']);
    });

    const quietPhone = (n: number) =>
      hub.devices.put(
        change,
        `d${n}`,
        phone(n, { user: 'ada', settings: { quiet_hours: { start: '12:10', end: '15:00' } } }),
      );
    const toldTo = (n: number) =>
      hub.carrier.taken
        .filter(({ notification }) => notification.tokens?.includes(iosToken(n)))
        .map(({ notification: { title, data } }) => [title, data?.count]);
    const finish = async (as: 'accept' | 'refuse') => {
      const [batch] = hub.carrier.taken;
      if (!batch) throw new Error('nothing was handed over');
      hub.carrier.finish(batch, iosToken(1), as);
      await hub.pass(0);
    };

    test.each(['accept', 'refuse'] as const)(
      'to one phone while a carrier has all of it for another one, whose fate (%s) is that of all',
      async (fate) => {
        await quietPhone(2);
        hub.carrier.fates[iosToken(1)] = 'hold';
        const { id } = await hub.send({ ...DIGEST, channels: ['push'] });
        const other = await hub.send({ ...DIGEST, channels: ['push'] });
        await hub.pass(WINDOW);
        await read(id);
        await hub.pass(3 * HOUR);
        expect(toldTo(1)).toEqual([['2 notifications', 2]]);
        expect(toldTo(2)).toEqual([['1 notification', 1]]);
        const ofFirst = async () => (await hub.decisions(id))[0];
        expect(await ofFirst()).toBe('ada 1 push deferred digested');
        await finish(fate);
        const came = fate === 'accept' ? 'sent' : 'failed BadTopic';
        expect(await hub.decisions(id)).toEqual([`ada 1 push ${came}`, 'ada 1 push cancelled read']);
        expect(await hub.decisions(other.id)).toEqual([`ada 1 push ${came}`, 'ada 1 push sent']);
        expect(await timers()).toEqual([]);
      },
    );

    test('nothing to one phone while a carrier has it for another one, where all of it was read', async () => {
      await quietPhone(2);
      hub.carrier.fates[iosToken(1)] = 'hold';
      const { id } = await hub.send({ ...DIGEST, channels: ['push'] });
      await hub.pass(WINDOW);
      await read(id);
      await hub.pass(3 * HOUR);
      expect(hub.carrier.sent).toEqual(['00000001: m1']);
      await finish('accept');
      expect(await hub.decisions(id)).toEqual(['ada 1 push sent', 'ada 1 push cancelled read']);
      expect(await hub.decisions((await digest())[0])).toEqual(['ada 1 push sent', 'ada 1 push cancelled cancelled']);
      expect(await timers()).toEqual([]);
    });

    const switchOff = (settings: object) =>
      hub.settings.put(hub.change('ada'), { quiet_hours: { start: '12:10', end: '15:00' }, ...settings });

    test.each([
      ['a type', { types: { news: { channels: ['realtime'] } } }],
      ['a type of every channel', { types: { news: false } }],
    ])('without what was switched off meanwhile, %s', async (_, settings) => {
      await quiet();
      const { id } = await hub.send({ ...BOTH, type: 'news' });
      const other = await hub.send({ ...BOTH, type: 'chat' });
      await hub.pass(WINDOW);
      await switchOff(settings);
      await hub.pass(3 * HOUR - WINDOW);
      expect(toldTo(1)).toEqual([['1 notification', 1]]);
      expect(await hub.decisions(id)).toEqual(['ada 1 realtime sent', 'ada 2 push suppressed type_disabled']);
      expect(await hub.decisions(other.id)).toEqual(['ada 1 realtime sent', 'ada 2 push sent']);
      expect(await timers()).toEqual([]);
    });

    test('nothing, where all of it was switched off', async () => {
      await quiet();
      const { id } = await hub.send({ ...BOTH, type: 'news' });
      await hub.pass(WINDOW);
      await switchOff({ types: { news: { channels: ['realtime'] } } });
      await hub.pass(3 * HOUR - WINDOW);
      expect(hub.carrier.sent).toEqual([]);
      expect(await hub.decisions(id)).toEqual(['ada 1 realtime sent', 'ada 2 push suppressed type_disabled']);
      expect(await hub.statusOf(id as string)).toBe('done');
      expect(await timers()).toEqual([]);
    });
  });
});
