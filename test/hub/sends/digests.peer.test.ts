import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cancelNotification } from '../../../src/hub/sends/cancelling.ts';
import { needs } from '../../support/needs.ts';
import { Clock, change, iosToken, phone } from '../directory.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';
import { hubOfSends } from './hub-of-sends.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WINDOW = 15 * MINUTE;
const PUSH = { to: { users: ['ada'] }, mode: 'push_only' };
const DIGEST = { ...PUSH, digest: { key: 'k', window: '15m' } };

describe.each(hubEngines)('a digest in $name', ({ needs: lacks, start }) => {
  describe('loses nothing:', needs(...lacks), () => {
    let place: HubPlace;
    let clock: Clock;
    let hub: ReturnType<typeof hubOfSends>;

    beforeAll(async () => {
      place = await start();
    });
    beforeEach(async () => {
      clock = new Clock();
      // Noon.
      clock.pass(12 * HOUR);
      hub = hubOfSends(await place.open(clock.now), clock);
      await device(1);
    });
    afterEach(async () => {
      await hub.sends.close();
      await hub.store.close();
    });
    afterAll(() => place?.end());

    const device = (number: number) => hub.devices.put(change, `d${number}`, phone(number, { user: 'ada' }));
    const collect = (at: string) => hub.settings.put(hub.change('ada'), { digest: { mode: 'daily', at } });
    const counts = () => hub.carrier.taken.map(({ notification }) => notification.data?.count);

    test('one is read and marked by the id that its push carries, and only its items are listed', async () => {
      await hub.send({ ...DIGEST, id: 'a' });
      await hub.send({ ...DIGEST, id: 'b' });
      await hub.pass(WINDOW);
      const ada = { app: 'default', user: 'ada' };
      const id = String(hub.carrier.taken[0]?.notification.data?.notification_id);
      expect(await hub.inbox.one(ada, id)).toMatchObject({ id, type: 'digest', data: { count: 2 } });
      await hub.inbox.mark(ada, id, 'read');
      expect(await hub.decisions(id)).toEqual(['ada 1 push read']);
      const { rows, counts: left } = await hub.inbox.page(ada, 10, undefined);
      expect(rows.map(({ item }) => item.id)).toEqual(['b', 'a']);
      expect(left).toMatchObject({ unread: 2 });
      await expect(hub.inbox.one({ ...ada, user: 'bob' }, id)).rejects.toThrow('no such notification');
    });

    test.each(['refuse', 'dead'] as const)('one that every device answers with %s is in the next', async (fate) => {
      hub.carrier.fates[iosToken(1)] = fate;
      const { id } = await hub.send(DIGEST);
      await hub.pass(WINDOW);
      expect(counts()).toEqual([1]);
      expect(await hub.decisions(id)).toEqual(['ada 1 push deferred digested']);
      expect(await hub.statusOf(id)).toBe('pending');
      // The token of before is good again, or there is another phone.
      hub.carrier.fates = {};
      await device(fate === 'dead' ? 2 : 1);
      const later = await hub.send(DIGEST);
      await hub.pass(WINDOW);
      expect(counts().at(-1)).toBe(2);
      for (const each of [id, later.id]) {
        expect(await hub.decisions(each)).toEqual(['ada 1 push sent']);
        expect(await hub.statusOf(each)).toBe('done');
      }
    });

    test('the devices of a person all die, and one comes back before the next', async () => {
      await collect('13:00');
      await device(2);
      hub.carrier.fates = { [iosToken(1)]: 'dead', [iosToken(2)]: 'dead' };
      const { id } = await hub.send(PUSH);
      await hub.pass(HOUR);
      expect(await hub.decisions(id)).toEqual(['ada 1 push deferred digested', 'ada 1 push deferred digested']);
      const rows = await hub.store.db.selectFrom('decisions').select('until').where('notification', '=', id).execute();
      expect(rows.map(({ until }) => until)).toEqual([clock.now() + 24 * HOUR, clock.now() + 24 * HOUR]);
      await hub.pass(20 * HOUR);
      await device(3);
      await hub.pass(4 * HOUR);
      expect(hub.carrier.sent.at(-1)).toBe('00000003: m1');
      expect(await hub.decisions(id)).toContain('ada 1 push sent');
      expect(await hub.statusOf(id)).toBe('done');
    });

    test('a person who has no device when it is to leave may have one by the next', async () => {
      hub.carrier.fates[iosToken(1)] = 'dead';
      const { id } = await hub.send(DIGEST);
      await hub.send(PUSH);
      await hub.pass(WINDOW);
      expect(await hub.decisions(id)).toEqual(['ada 1 push deferred digested']);
      await device(2);
      await hub.pass(WINDOW);
      expect(hub.carrier.sent.at(-1)).toBe('00000002: m1');
      expect(await hub.decisions(id)).toEqual(['ada 1 push sent']);
    });

    test('nor is it a reason that another device is switched off', async () => {
      await hub.devices.put(change, 'd2', phone(2, { user: 'ada', enabled: false }));
      hub.carrier.fates[iosToken(1)] = 'dead';
      const { id } = await hub.send(DIGEST);
      await hub.send(PUSH);
      await hub.pass(WINDOW);
      expect(await hub.decisions(id)).toContain('ada 1 push deferred digested');
      await device(3);
      await hub.pass(WINDOW);
      expect(hub.carrier.sent.at(-1)).toBe('00000003: m1');
    });

    test('after the third that nobody took, the item has failed, with the reason', async () => {
      hub.carrier.fates[iosToken(1)] = 'refuse';
      const { id } = await hub.send(DIGEST);
      for (const left of [2, 1, 0]) {
        await hub.pass(WINDOW);
        expect(await hub.decisions(id)).toEqual([
          left > 0 ? 'ada 1 push deferred digested' : 'ada 1 push failed BadTopic',
        ]);
      }
      expect(await hub.statusOf(id)).toBe('done');
      await hub.pass(HOUR);
      expect(counts()).toEqual([1, 1, 1]);
      expect(await hub.store.db.selectFrom('due').select('kind').execute()).toEqual([]);
      expect(await hub.store.db.selectFrom('digest_items').select('id').execute()).toEqual([]);
    });

    test('a person without a device at three digests has no_devices', async () => {
      hub.carrier.fates[iosToken(1)] = 'dead';
      const { id } = await hub.send(DIGEST);
      await hub.pass(WINDOW);
      await hub.pass(WINDOW);
      expect(await hub.decisions(id)).toEqual(['ada 1 push deferred digested']);
      await hub.pass(WINDOW);
      expect(await hub.decisions(id)).toEqual(['ada 1 push suppressed no_devices']);
      expect(await hub.statusOf(id)).toBe('done');
    });

    test('tells nothing of what is confidential, and nothing that one of the channels must not carry', async () => {
      const secret = {
        title: 'Salary',
        message: 'It is 1,000',
        url: 'https://example.com/salary',
        type: 'salary.changed',
      };
      const open = { title: 'News', message: 'Of the day' };
      const ids: string[] = [];
      for (const body of [
        { ...secret, confidential: true },
        { ...secret, redact: { sms: ['*'] } },
        { ...open, redact: { email: ['title'] } },
        open,
      ])
        ids.push((await hub.send({ ...DIGEST, ...body })).id as string);
      await hub.pass(WINDOW);
      const [{ notification }] = hub.carrier.taken as [(typeof hub.carrier.taken)[0]];
      expect(notification.message).toBe('New notification\nNew notification\nOf the day\nNews');
      expect(notification.data?.items).toEqual([
        { id: ids[0] },
        { id: ids[1] },
        { id: ids[2], type: 'notification', message: 'Of the day' },
        { id: ids[3], type: 'notification', ...open },
      ]);
      expect(JSON.stringify(notification)).not.toMatch(/salary|1,000/i);
    });

    test('one device of two is enough', async () => {
      await device(2);
      hub.carrier.fates[iosToken(1)] = 'refuse';
      const { id } = await hub.send(DIGEST);
      await hub.pass(WINDOW);
      expect(await hub.decisions(id)).toEqual(['ada 1 push failed BadTopic', 'ada 1 push sent']);
      await hub.pass(HOUR);
      expect(hub.carrier.taken.length).toBeLessThanOrEqual(2);
    });

    test('the plan of an item goes on where a digest has failed', async () => {
      await hub.people.put({ ...change, id: 'ada' }, { email: 'ada@example.com', consent: { email: true } });
      hub.carrier.fates[iosToken(1)] = 'refuse';
      const plan = [{ channel: 'push', until: 'failed' }, { channel: 'email' }];
      const { id } = await hub.send({ to: { users: ['ada'] }, plan, digest: DIGEST.digest });
      await hub.pass(WINDOW);
      expect(await hub.decisions(id)).toEqual(['ada 1 push failed BadTopic', 'ada 2 email deferred digested']);
      await hub.pass(WINDOW);
      expect(await hub.decisions(id)).toEqual(['ada 1 push failed BadTopic', 'ada 2 email sent']);
    });

    test('what is cancelled, read or has expired between two digests is in no further one', async () => {
      hub.carrier.fates[iosToken(1)] = 'hold';
      const until = new Date(clock.now() + 20 * MINUTE).toISOString();
      const [cancelled, read, seen, expired, other] = [
        (await hub.send(DIGEST)).id,
        (await hub.send(DIGEST)).id,
        (await hub.send(DIGEST)).id,
        (await hub.send({ ...DIGEST, expires_at: until })).id,
        (await hub.send(DIGEST)).id,
      ];
      await hub.pass(WINDOW);
      await cancelNotification({ store: hub.store, now: clock.now }, 'default', cancelled as string);
      const [batch] = hub.carrier.taken;
      if (!batch) throw new Error('nothing was handed over');
      hub.carrier.finish(batch, iosToken(1), 'refuse');
      await hub.pass(0);
      await hub.inbox.mark({ app: 'default', user: 'ada' }, read as string, 'read');
      await hub.inbox.mark({ app: 'default', user: 'ada' }, seen as string, 'seen');
      hub.carrier.fates[iosToken(1)] = 'accept';
      await hub.pass(WINDOW);
      expect(counts()).toEqual([5, 1]);
      expect(await hub.decisions(cancelled)).toEqual(['ada 1 push cancelled cancelled']);
      expect(await hub.decisions(read)).toEqual(['ada 1 push cancelled read']);
      expect(await hub.decisions(seen)).toEqual(['ada 1 push cancelled acked']);
      expect(await hub.decisions(expired)).toEqual(['ada 1 push expired expired']);
      expect(await hub.decisions(other)).toEqual(['ada 1 push sent']);
    });

    test('what another has taken the place of, while its digest was under way, is in no further one', async () => {
      hub.carrier.fates[iosToken(1)] = 'hold';
      const { id } = await hub.send({ ...DIGEST, collapse_key: 'c' });
      const other = await hub.send(DIGEST);
      await hub.pass(WINDOW);
      const later = await hub.send({ ...DIGEST, collapse_key: 'c' });
      const [batch] = hub.carrier.taken;
      if (!batch) throw new Error('nothing was handed over');
      hub.carrier.finish(batch, iosToken(1), 'refuse');
      await hub.pass(0);
      expect(await hub.decisions(id)).toEqual(['ada 1 push cancelled superseded']);
      expect(await hub.statusOf(id)).toBe('done');
      hub.carrier.fates[iosToken(1)] = 'accept';
      await hub.pass(WINDOW);
      expect(counts()).toEqual([2, 2]);
      for (const each of [other.id, later.id]) expect(await hub.decisions(each)).toEqual(['ada 1 push sent']);
    });

    test('what a change of zone puts off as it leaves is not in it, and comes at its own time', async () => {
      await hub.people.put({ ...change, id: 'ada' }, { timezone: 'Europe/Berlin' });
      const { id } = await hub.send({ ...DIGEST, send_at: '2026-11-01T13:00:00', timezone: 'user' });
      await hub.send(DIGEST);
      clock.pass(WINDOW);
      await hub.people.patch({ ...change, id: 'ada' }, { timezone: 'Europe/London' });
      await hub.pass(0);
      expect(hub.carrier.sent).toEqual(['00000001: m2']);
      expect(await hub.decisions(id)).toEqual(['ada 1 push deferred scheduled']);
      await hub.pass(HOUR - WINDOW);
      expect(await hub.decisions(id)).toEqual(['ada 1 push deferred digested']);
      await hub.pass(WINDOW);
      expect(hub.carrier.sent).toEqual(['00000001: m2', '00000001: m1']);
      expect(await hub.statusOf(id)).toBe('done');
    });

    test('a process that dies between the steps of it', async () => {
      const again = place.again;
      if (!again) return;
      hub.carrier.fates[iosToken(1)] = 'hold';
      const { id } = await hub.send(DIGEST);
      await hub.pass(WINDOW);
      // It was handed over, and what became of it is not known here: the process dies with it.
      expect(counts()).toEqual([1]);
      const next = hubOfSends(await again(clock.now), clock);
      next.carrier.fates[iosToken(1)] = 'refuse';
      await hub.sends.close();
      await hub.store.close();
      hub = next;
      clock.pass(MINUTE);
      await hub.sends.takeOver();
      await hub.pass(0);
      expect(counts()).toEqual([1]);
      expect(await hub.decisions(id)).toEqual(['ada 1 push deferred digested']);
      const after = hubOfSends(await again(clock.now), clock);
      await hub.sends.close();
      await hub.store.close();
      hub = after;
      await hub.pass(WINDOW);
      expect(counts()).toEqual([1]);
      expect(await hub.decisions(id)).toEqual(['ada 1 push sent']);
      expect(await hub.statusOf(id)).toBe('done');
    });
  });
});
