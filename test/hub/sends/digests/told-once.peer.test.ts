import { beforeEach, describe, expect, test } from 'vitest';
import { findHandover } from '../../../../src/hub/sends/rows/handover-rows.ts';
import { sendAgain } from '../../../../src/hub/sends/send-again.ts';
import { needs } from '../../../support/needs.ts';
import { type Clock, change, iosToken, phone } from '../../directory.ts';
import { hubEngines } from '../../hub-engines.ts';
import { type HubOfSends, hubsOn, NOON } from '../hubs-on.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WINDOW = 15 * MINUTE;
const MAIL = 'ada@example.org';
const DIGEST = { to: { users: ['ada'] }, mode: 'redundant', digest: { key: 'k', window: '15m' } };
const BOTH = { ...DIGEST, channels: ['push', 'email'] };
const PUSH = { ...DIGEST, channels: ['push'] };
const ALL = { ...DIGEST, channels: ['realtime', 'push', 'email'] };
const STREAM = { ...DIGEST, channels: ['realtime', 'push'] };
const NEWS = { type: 'news' };
const CHAT = { type: 'chat' };
const QUIET = { quiet_hours: { start: '12:10', end: '15:00' } };
const NO_NEWS = { types: { news: false } };

describe.each(hubEngines)('a digest, in $name,', ({ needs: lacks, start }) => {
  describe('tells each device of what is wanted there, and once:', needs(...lacks), () => {
    const fresh = hubsOn(start);
    let clock: Clock;
    let hub: HubOfSends;

    beforeEach(async () => {
      ({ clock, hub } = await fresh(NOON));
      await hub.people.put({ ...change, id: 'ada' }, { email: MAIL, consent: { email: true } });
      await hub.devices.put(change, 'd1', phone(1, { user: 'ada' }));
    });

    const set = (settings: object) => hub.settings.put(hub.change('ada'), settings);
    const told = () =>
      hub.carrier.taken.flatMap(({ notification: { tokens, title, message } }) =>
        tokens.map((to) => `${to.slice(0, 8)}: ${title}: ${message?.split('\n').join(', ')}`),
      );
    const push = (n: number) => iosToken(n).slice(0, 8);

    const inAnyOrder = () =>
      told()
        .map((line) => line.replace('m2, m1', 'm1, m2'))
        .toSorted();
    const left = async () => [
      ...(await hub.store.db.selectFrom('due').select('kind').execute()),
      ...(await hub.store.db.selectFrom('digest_items').select('id').execute()),
    ];
    /** A carrier that had it died, and its outcomes are not known. */
    const takeBack = async () => {
      const [batch] = hub.carrier.taken;
      const handover = batch && (await findHandover(hub.store.db, batch.app, batch.batch));
      if (!handover) throw new Error('nothing was handed over');
      hub.carrier.taken.length = 0;
      await hub.store.write((tx) => sendAgain(tx, handover, handover.targets, clock.now()));
    };

    test('what two ways could not bring is in the next digest of each once', async () => {
      await set({ types: { news: { channels: ['email'] } } });
      hub.carrier.fates = { [MAIL]: 'refuse', [iosToken(1)]: 'refuse' };
      await hub.send({ ...BOTH, ...NEWS });
      await hub.send({ ...BOTH, ...CHAT });
      await hub.pass(WINDOW);
      hub.carrier.fates = {};
      hub.carrier.taken.length = 0;
      await hub.pass(WINDOW);
      expect(inAnyOrder()).toEqual([`${push(1)}: 1 notification: m2`, 'ada@exam: 2 notifications: m1, m2']);
      expect(await left()).toEqual([]);
    });

    test('what is switched off for one phone is told to the other, also where a carrier had it and lost it', async () => {
      const second = (settings: object) => phone(2, { user: 'ada', settings: { ...QUIET, ...settings } });
      await hub.devices.put(change, 'd2', second({}));
      hub.carrier.fates[iosToken(1)] = 'hold';
      const news = await hub.send({ ...PUSH, ...NEWS });
      const chat = await hub.send({ ...PUSH, ...CHAT });
      await hub.pass(WINDOW);
      await hub.devices.put(change, 'd2', second(NO_NEWS));
      await hub.pass(3 * HOUR);
      await hub.pass(0);
      expect(inAnyOrder()).toEqual([`${push(1)}: 2 notifications: m1, m2`, `${push(2)}: 1 notification: m2`]);
      hub.carrier.fates = {};
      await takeBack();
      await hub.pass(0);
      expect(inAnyOrder()).toEqual([`${push(1)}: 2 notifications: m1, m2`]);
      expect(await hub.decisions(news.id)).toEqual(['ada 1 push sent', 'ada 1 push suppressed type_disabled']);
      expect(await hub.decisions(chat.id)).toEqual(['ada 1 push sent', 'ada 1 push sent']);
    });

    test('a phone that has come since hears of nothing that is switched off there', async () => {
      await set(QUIET);
      const news = await hub.send({ ...STREAM, ...NEWS });
      await hub.send({ ...STREAM, ...CHAT });
      await hub.pass(WINDOW);
      await hub.devices.put(change, 'd2', phone(2, { user: 'ada', settings: NO_NEWS }));
      await hub.devices.put(change, 'd3', phone(3, { user: 'ada' }));
      await hub.pass(3 * HOUR);
      await hub.pass(0);
      const all = '2 notifications: m1, m2';
      expect(inAnyOrder()).toEqual([`${push(1)}: ${all}`, `${push(3)}: ${all}`]);
      expect(await hub.statusOf(news.id as string)).toBe('done');
      expect(await left()).toEqual([]);
    });

    test('nor of what was read meanwhile, where it is told of less than the others', async () => {
      const news = await hub.send({ ...PUSH, ...NEWS });
      const chat = await hub.send({ ...PUSH, ...CHAT });
      const other = await hub.send({ ...PUSH, ...CHAT });
      await hub.devices.put(change, 'd2', phone(2, { user: 'ada', settings: NO_NEWS }));
      hub.carrier.isFull = true;
      await hub.pass(WINDOW);
      for (const { id } of [news, chat]) await hub.inbox.mark({ app: 'default', user: 'ada' }, id as string, 'read');
      hub.carrier.isFull = false;
      await hub.pass(MINUTE);
      await hub.pass(0);
      expect(inAnyOrder()).toEqual([`${push(1)}: 1 notification: m3`, `${push(2)}: 1 notification: m3`]);
      expect(await hub.decisions(other.id)).toEqual(['ada 1 push sent']);
      expect(await left()).toEqual([]);
    });

    test('what was for a phone that is gone comes to the one in its place, as far as it is wanted there', async () => {
      await set(QUIET);
      await hub.send({ ...ALL, ...NEWS });
      const chat = await hub.send({ ...ALL, ...CHAT });
      await hub.pass(WINDOW);
      await hub.devices.delete(change, 'd1');
      await hub.devices.put(change, 'd2', phone(2, { user: 'ada', settings: NO_NEWS }));
      await hub.pass(3 * HOUR);
      await hub.pass(0);
      expect(inAnyOrder()).toEqual([`${push(2)}: 1 notification: m2`, 'ada@exam: 2 notifications: m1, m2']);
      expect(await hub.statusOf(chat.id as string)).toBe('done');
    });

    test('it is an alert, and never a call', async () => {
      await hub.devices.put(change, 'v1', phone(2, { user: 'ada', kind: 'voip' }));
      await hub.send({ ...PUSH, ...NEWS, overrides: { ios: { push_type: 'voip' } } });
      await hub.pass(WINDOW);
      expect(told()).toEqual([`${push(1)}: 1 notification: m1`]);
      expect(await left()).toEqual([]);
    });
  });
});
