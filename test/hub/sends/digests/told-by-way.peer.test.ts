import { beforeEach, describe, expect, test } from 'vitest';
import { needs } from '../../../support/needs.ts';
import { change, iosToken, phone } from '../../directory.ts';
import { hubEngines } from '../../hub-engines.ts';
import { type HubOfSends, hubsOn, NOON } from '../hubs-on.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WINDOW = 15 * MINUTE;
const MAIL = 'ada@example.org';
const DIGEST = { to: { users: ['ada'] }, mode: 'redundant', digest: { key: 'k', window: '15m' } };
const BOTH = { ...DIGEST, channels: ['push', 'email'] };
const ALL = { ...DIGEST, channels: ['realtime', 'push', 'email'] };
const NEWS = { type: 'news' };
const CHAT = { type: 'chat' };

describe.each(hubEngines)('each way of a digest, in $name,', ({ needs: lacks, start }) => {
  describe('tells of what is wanted there:', needs(...lacks), () => {
    const fresh = hubsOn(start);
    let hub: HubOfSends;

    beforeEach(async () => {
      ({ hub } = await fresh(NOON));
      await hub.people.put({ ...change, id: 'ada' }, { email: MAIL, consent: { email: true } });
      await hub.devices.put(change, 'd1', phone(1, { user: 'ada' }));
    });

    const set = (settings: object) => hub.settings.put(hub.change('ada'), settings);
    const byMailOnly = { types: { news: { channels: ['email'] } } };
    /** What each target was told, in the order in which it was. */
    const told = () =>
      hub.carrier.taken.flatMap(({ notification: { tokens, title, message } }) =>
        tokens.map((to) => `${to.slice(0, 8)}: ${title}: ${message?.split('\n').join(', ')}`),
      );
    const push = (n: number) => iosToken(n).slice(0, 8);
    const left = async () => [
      ...(await hub.store.db.selectFrom('due').select('kind').execute()),
      ...(await hub.store.db.selectFrom('digest_items').select('id').execute()),
    ];

    test('a push does not tell of what is wanted by mail only', async () => {
      await set(byMailOnly);
      const news = await hub.send({ ...BOTH, ...NEWS });
      const chat = await hub.send({ ...BOTH, ...CHAT });
      await hub.pass(WINDOW);
      expect(told().toSorted()).toEqual([`${push(1)}: 1 notification: m2`, 'ada@exam: 2 notifications: m1, m2']);
      expect(await hub.decisions(news.id)).toEqual(['ada 1 push suppressed type_disabled', 'ada 2 email sent']);
      expect(await hub.decisions(chat.id)).toEqual(['ada 1 push sent', 'ada 2 email sent']);
      for (const { id } of [news, chat]) expect(await hub.statusOf(id as string)).toBe('done');
      expect(await left()).toEqual([]);
    });

    test('a channel for which nothing is left sends nothing', async () => {
      const news = await hub.send({ ...BOTH, ...NEWS });
      await set(byMailOnly);
      await hub.pass(WINDOW);
      expect(told()).toEqual(['ada@exam: 1 notification: m1']);
      expect(await hub.decisions(news.id)).toEqual(['ada 1 push suppressed type_disabled', 'ada 2 email sent']);
      expect(await left()).toEqual([]);
    });

    test('nor does one channel tell of what its sender has sent by another', async () => {
      const mail = await hub.send({ ...DIGEST, channels: ['email'] });
      const chat = await hub.send({ ...DIGEST, channels: ['push'] });
      await hub.pass(WINDOW);
      expect(told().toSorted()).toEqual([`${push(1)}: 1 notification: m2`, 'ada@exam: 1 notification: m1']);
      expect(await hub.decisions(mail.id)).toEqual(['ada 1 email sent']);
      expect(await hub.decisions(chat.id)).toEqual(['ada 1 push sent']);
    });

    test('ways by which the same is wanted are one digest', async () => {
      await hub.send({ ...ALL, ...NEWS });
      await hub.send({ ...ALL, ...CHAT });
      await hub.pass(WINDOW);
      const digests = await hub.store.db
        .selectFrom('notifications')
        .select('id')
        .where('id', 'like', 'digest-%')
        .execute();
      expect(digests).toHaveLength(1);
      expect(told()).toHaveLength(2);
    });

    test('one phone hears of what is switched off for another one only', async () => {
      await hub.devices.put(change, 'd2', phone(2, { user: 'ada', settings: { types: { news: false } } }));
      const news = await hub.send({ ...DIGEST, ...NEWS, channels: ['push'] });
      const chat = await hub.send({ ...DIGEST, ...CHAT, channels: ['push'] });
      await hub.pass(WINDOW);
      expect(told().toSorted()).toEqual([`${push(1)}: 2 notifications: m1, m2`, `${push(2)}: 1 notification: m2`]);
      expect(await hub.decisions(news.id)).toEqual(['ada 1 push sent', 'ada 1 push suppressed type_disabled']);
      expect(await hub.decisions(chat.id)).toEqual(['ada 1 push sent', 'ada 1 push sent']);
    });

    test('a phone that has had it by itself is not told again', async () => {
      await hub.devices.put(
        change,
        'd2',
        phone(2, { user: 'ada', settings: { quiet_hours: { start: '11:00', end: '13:00', then: 'digest' } } }),
      );
      const { id } = await hub.send({ to: { users: ['ada'] }, mode: 'push_only' });
      await hub.pass(HOUR);
      expect(told()).toEqual([`${push(1)}: undefined: m1`, `${push(2)}: 1 notification: m1`]);
      expect(await hub.decisions(id)).toEqual(['ada 1 push sent', 'ada 1 push sent']);
    });

    test('what no way brought that was to tell of it is in the next digest, whatever came by the others', async () => {
      await set(byMailOnly);
      hub.carrier.fates[MAIL] = 'refuse';
      const news = await hub.send({ ...BOTH, ...NEWS });
      const chat = await hub.send({ ...BOTH, ...CHAT });
      await hub.pass(WINDOW);
      expect(await hub.decisions(news.id)).toContain('ada 2 email deferred digested');
      expect(await hub.decisions(chat.id)).toContain('ada 1 push sent');
      hub.carrier.fates = {};
      await hub.pass(WINDOW);
      expect(told().filter((line) => line.startsWith(push(1)))).toEqual([`${push(1)}: 1 notification: m2`]);
      expect(await hub.decisions(news.id)).toEqual(['ada 1 push suppressed type_disabled', 'ada 2 email sent']);
      expect(await hub.decisions(chat.id)).toEqual(['ada 1 push sent', 'ada 2 email sent']);
      expect(await left()).toEqual([]);
    });

    const QUIET = { quiet_hours: { start: '12:10', end: '15:00' } };

    test('of ways that are held until the morning each is asked about by itself', async () => {
      await set({ ...QUIET, ...byMailOnly });
      const news = await hub.send({ ...ALL, ...NEWS });
      const chat = await hub.send({ ...ALL, ...CHAT });
      await hub.pass(WINDOW);
      expect(told()).toEqual([]);
      expect(await hub.decisions(chat.id)).toContain('ada 1 realtime sent');
      await hub.pass(3 * HOUR);
      expect(told().toSorted()).toEqual([`${push(1)}: 1 notification: m2`, 'ada@exam: 2 notifications: m1, m2']);
      expect((await hub.decisions(news.id)).toSorted()).toEqual([
        'ada 1 realtime suppressed type_disabled',
        'ada 2 push suppressed type_disabled',
        'ada 3 email sent',
      ]);
      expect(await left()).toEqual([]);
    });

    test('what is switched off for one of two ways that wait leaves by the other one', async () => {
      await set(QUIET);
      const news = await hub.send({ ...ALL, ...NEWS });
      const chat = await hub.send({ ...ALL, ...CHAT });
      await hub.pass(WINDOW);
      await set({ ...QUIET, ...byMailOnly });
      await hub.pass(3 * HOUR);
      await hub.pass(0);
      expect(told().toSorted()).toEqual([`${push(1)}: 1 notification: m2`, 'ada@exam: 2 notifications: m1, m2']);
      const ends = async (id: string | undefined) =>
        (await hub.decisions(id)).map((line) => line.slice('ada 1 '.length));
      expect((await ends(news.id)).toSorted()).toEqual([
        'email sent',
        'push suppressed type_disabled',
        'realtime sent',
      ]);
      expect((await ends(chat.id)).toSorted()).toEqual(['email sent', 'push sent', 'realtime sent']);
      const statuses = await hub.store.db.selectFrom('notifications').select('status').distinct().execute();
      expect(statuses).toEqual([{ status: 'done' }]);
      expect(await left()).toEqual([]);
    });

    test('and is in the next digest where that could not bring it', async () => {
      hub.carrier.isFull = true;
      const news = await hub.send({ ...BOTH, ...NEWS });
      const chat = await hub.send({ ...BOTH, ...CHAT });
      await hub.pass(WINDOW);
      await set(byMailOnly);
      hub.carrier.fates[MAIL] = 'refuse';
      hub.carrier.isFull = false;
      await hub.pass(MINUTE);
      await hub.pass(0);
      expect(await hub.decisions(news.id)).toEqual([
        'ada 1 push suppressed type_disabled',
        'ada 2 email deferred digested',
      ]);
      expect(await hub.decisions(chat.id)).toContain('ada 1 push sent');
      hub.carrier.fates = {};
      await hub.pass(WINDOW);
      expect(await hub.decisions(news.id)).toContain('ada 2 email sent');
      const statuses = await hub.store.db.selectFrom('notifications').select('status').distinct().execute();
      expect(statuses).toEqual([{ status: 'done' }]);
      expect(await left()).toEqual([]);
    });

    test('what was read meanwhile leaves by neither', async () => {
      await set(QUIET);
      const news = await hub.send({ ...ALL, ...NEWS });
      const chat = await hub.send({ ...ALL, ...CHAT });
      await hub.pass(WINDOW);
      await hub.inbox.mark({ app: 'default', user: 'ada' }, chat.id as string, 'read');
      await set({ ...QUIET, ...byMailOnly });
      await hub.pass(3 * HOUR);
      expect(told()).toEqual(['ada@exam: 1 notification: m1']);
      expect(await hub.statusOf(news.id as string)).toBe('done');
      expect(await left()).toEqual([]);
    });
  });
});
