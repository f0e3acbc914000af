import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Grouping } from '../../../src/hub/analytics/report.ts';
import { report } from '../../../src/hub/analytics/report.ts';
import { linesOf, RollNotes } from '../../../src/hub/analytics/roll-notes.ts';
import { rollUpSome } from '../../../src/hub/analytics/roll-up.ts';
import { Rolling } from '../../../src/hub/analytics/rolling.ts';
import { SLOT_MS } from '../../../src/hub/analytics/slot.ts';
import { needs } from '../../support/needs.ts';
import { Clock, change, DAY, iosToken, phone, START } from '../directory.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';
import { hubOfSends } from '../sends/hub-of-sends.ts';
import { expectToAddUp } from './adds-up.ts';

const prices = { push: 0.5, sms: 2 };
const PUSH = { to: { users: ['ada'] }, mode: 'push_only' };

describe.each(hubEngines)('figures in $name', ({ needs: lacks, start }) => {
  describe('are what has happened', needs(...lacks), () => {
    let place: HubPlace;
    let clock: Clock;
    let hub: ReturnType<typeof hubOfSends>;
    let rolling: Rolling;
    const said: string[] = [];

    beforeAll(async () => {
      place = await start();
    });
    beforeEach(async () => {
      clock = new Clock();
      hub = hubOfSends(await place.open(clock.now), clock);
      rolling = rollingOf(hub.store);
      await hub.devices.put(change, 'd1', phone(1, { user: 'ada' }));
    });
    afterEach(async () => {
      await rolling.close();
      await hub.sends.close();
      await hub.store.close();
      expect(said).toEqual([]);
    });
    afterAll(() => place?.end());

    const rollingOf = (store: typeof hub.store): Rolling =>
      new Rolling({ store, retentionMs: 90 * DAY, now: clock.now, tell: (_, message) => said.push(message) });
    const asked = async (by: readonly Grouping[] = [], app = 'default') => {
      await rolling.rollUp();
      const to = Math.ceil((clock.now() + 1) / SLOT_MS) * SLOT_MS;
      return report(hub.store, { app, by, from: START, to, timezone: 'UTC', prices });
    };
    const total = async () => (await asked()).total;
    const rollUps = () => hub.store.db.selectFrom('roll_ups').selectAll().execute();
    const notes = () => hub.store.db.selectFrom('roll_notes').selectAll().execute();

    test('a note or figures that cannot be read hold up nothing', async () => {
      const doc = 'no JSON';
      await hub.store.write(async (tx) => {
        await tx.insertInto('roll_notes').values({ id: '0', app: 'default', size: 1, doc }).execute();
        await tx
          .insertInto('roll_notes')
          .values({ id: '1', app: 'default', size: 1, doc: '[[1], {"a": 2}]' })
          .execute();
      });
      await hub.send(PUSH);
      expect(await total()).toMatchObject({ sent: 1 });
      expect(await notes()).toEqual([]);
      await hub.store.write((tx) => tx.updateTable('roll_ups').set({ doc }).execute());
      expect(await total()).toMatchObject({ sent: 0 });
      await hub.send(PUSH);
      expect(await total()).toMatchObject({ sent: 1 });
      hub.figures.isErased = true;
    });

    test('what is known of notifications is noted with what they say of themselves, one line for all of a type', async () => {
      for (const type of ['news', 'news', 'offers']) await hub.send({ ...PUSH, type });
      const lines = (await notes()).flatMap(linesOf);
      expect(lines.every(([notification, , , , about]) => notification === '' && about !== undefined)).toBe(true);
      expect((await asked(['type'])).rows).toMatchObject([
        { type: 'news', sent: 2 },
        { type: 'offers', sent: 1 },
      ]);
    });

    test('by type, channel and platform', async () => {
      await hub.devices.put(change, 'd2', { platform: 'android', token: 'a'.repeat(40), user: 'bob' });
      hub.carrier.fates['a'.repeat(40)] = 'refuse';
      await hub.send({ ...PUSH, type: 'news', to: { users: ['ada', 'bob', 'cat'] } });
      await hub.send({ ...PUSH, type: 'alarm' });
      const { rows, total: all } = await asked(['type', 'channel', 'platform']);
      expect(rows).toMatchObject([
        { type: 'alarm', channel: 'push', platform: 'ios', sent: 1 },
        { type: 'news', channel: 'push', platform: 'android', sent: 0, failed: { BadTopic: 1 } },
        { type: 'news', channel: 'push', platform: 'ios', sent: 1, failed: {} },
      ]);
      expect(all).toMatchObject({ sent: 2, failed: { BadTopic: 1 }, pending: 0 });
    });

    test('of the time at which it was accepted, also where it changes days later', async () => {
      await hub.send({ ...PUSH, id: 'n' });
      expect(await total()).toMatchObject({ sent: 1, read: 0, rates: { read: 0 } });
      clock.pass(3 * DAY);
      await hub.engagements.record({
        ...{ app: 'default', person: 'ada' },
        engagements: [
          { notification: 'n', device: 'd1', event: 'opened' },
          { notification: 'n', device: 'd1', event: 'action', action: 'a' },
          { notification: 'n', device: 'd1', event: 'action', action: 'b' },
        ],
      });
      const { rows, total: all } = await asked(['day']);
      expect(all).toMatchObject({ sent: 0, read: 1, opened: 1, acted: 1, rates: { delivered: 1, read: 1, opened: 1 } });
      expect(rows).toMatchObject([{ day: '2026-11-01', read: 1, opened: 1, acted: 1 }]);
    });

    test('from when it was due until the answer', async () => {
      hub.carrier.fates[iosToken(1)] = 'hold';
      await hub.send(PUSH);
      clock.pass(4000);
      hub.carrier.finish(hub.carrier.taken[0] as never, iosToken(1), 'accept');
      await hub.pass(0);
      const { latency_ms: latency } = await total();
      for (const ms of Object.values(latency ?? {})) expect(Math.abs(ms - 4000)).toBeLessThan(200);
      expect(latency).not.toBeNull();
    });

    test('from the end of quiet hours for what they held', async () => {
      await hub.settings.put(hub.change('ada'), { quiet_hours: { start: '00:00', end: '06:00' } });
      await hub.send(PUSH);
      expect(await total()).toMatchObject({ deferred: 1, latency_ms: null });
      await hub.pass(6 * 3_600_000 + 2000);
      const { latency_ms: latency, sent } = await total();
      expect(sent).toBe(1);
      expect(Math.abs((latency?.p50 ?? 0) - 2000)).toBeLessThan(100);
    });

    test('what it cost, and what was not spent', async () => {
      await hub.send({ ...PUSH, id: 'a' });
      await hub.settings.put(hub.change('ada'), { types: { loud: false } });
      await hub.send({ ...PUSH, type: 'loud' });
      await hub.settings.put(hub.change('ada'), { quiet_hours: { start: '00:00', end: '06:00' } });
      await hub.send({ ...PUSH, collapse_key: 'k' });
      await hub.send({ ...PUSH, collapse_key: 'k' });
      const { cost, saved } = await total();
      expect(cost).toBe(0.5);
      expect(saved).toEqual({ suppressed: 0.5, dead: 0, collapsed: 0.5, realtime_first: 0, digested: 0, total: 1 });
    });

    test('that a digest of three costs one, and has spared three', async () => {
      for (let i = 0; i < 3; i++) await hub.send({ ...PUSH, digest: { key: 'k', window: '15m' } });
      await hub.pass(900_000);
      const { rows } = await asked(['type']);
      expect(rows).toMatchObject([
        { type: 'digest', sent: 1, cost: 0.5, saved: { total: 0 } },
        { type: 'notification', sent: 3, cost: 0, saved: { digested: 1.5 } },
      ]);
    });

    test('that the person had by the stream what was not pushed any more', async () => {
      hub.presence.set('ada', 'active');
      await hub.send({ id: 'n', to: { users: ['ada'] } });
      const [row] = await hub.store.db.selectFrom('recipients').selectAll().execute();
      const marked = await hub.store.write((tx) =>
        hub.sends.marking.mark(tx, { app: 'default', user: 'ada' }, [row as never], 'acked'),
      );
      hub.sends.marking.deliver(marked);
      await hub.pass(60_000);
      expect(await total()).toMatchObject({ delivered: 1, cancelled: { acked: 1 }, saved: { realtime_first: 0.5 } });
    });

    test('each once, by whatever instances add up at the same moment', async () => {
      for (let i = 0; i < 20; i++) await hub.send(PUSH);
      const other = place.again ? await place.again(clock.now) : hub.store;
      const theirs = rollingOf(other);
      try {
        const done = await Promise.all([rolling.rollUp(), theirs.rollUp(), rolling.rollUp(), theirs.rollUp()]);
        expect(done.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(0);
        expect(await total()).toMatchObject({ sent: 20, pending: 0 });
      } finally {
        await theirs.close();
        if (other !== hub.store) await other.close();
      }
    });

    test('not half, where a transaction is undone', async () => {
      await hub.send(PUSH);
      const before = await notes();
      const undone = hub.store.write(async (tx) => {
        await rollUpSome(tx);
        throw new Error('undone');
      });
      await expect(undone).rejects.toThrow('undone');
      expect(await notes()).toEqual(before);
      expect(await rollUps()).toEqual([]);
      expect(await total()).toMatchObject({ sent: 1 });
      expect(await notes()).toEqual([]);
    });

    test('without a word of whom it is about, also in the transaction that erases', async () => {
      await hub.settings.put(hub.change('ada'), { quiet_hours: { start: '00:00', end: '06:00' } });
      await hub.send({ ...PUSH, id: 'for-ada' });
      await hub.people.erase({ ...change, id: 'ada' });
      const kept = JSON.stringify([await notes(), await rollUps()]);
      for (const word of ['ada', 'for-ada', 'd1']) expect(kept).not.toContain(word);
      expect(await total()).toMatchObject({ deferred: 0, cancelled: { erased: 1 } });
    });

    test('bounded, however many types there are', async () => {
      for (let i = 0; i < 130; i++) await hub.send({ ...PUSH, id: `n${i}`, type: `t${i}` });
      await rolling.rollUp();
      await hub.engagements.record({
        ...{ app: 'default', person: 'ada' },
        engagements: Array.from({ length: 130 }, (_, i) => ({
          notification: `n${i}`,
          device: 'd1',
          event: 'opened' as const,
        })),
      });
      const { rows, total: all } = await asked(['type']);
      expect(rows.length).toBe(101);
      expect(rows.find(({ type }) => type === 'other')).toMatchObject({ sent: 0, read: 30, opened: 30 });
      expect(all).toMatchObject({ sent: 0, read: 130 });
      // Types have no names of their own here: what is compared is done above.
      await hub.store.write((tx) => tx.deleteFrom('roll_ups').execute());
      await hub.store.write((tx) => tx.deleteFrom('decisions').execute());
    });

    test('for as long as they are to be kept', async () => {
      await hub.send(PUSH);
      await rolling.rollUp();
      clock.pass(89 * DAY);
      await rolling.forget();
      expect(await rollUps()).toHaveLength(1);
      clock.pass(2 * DAY);
      await rolling.forget();
      expect(await rollUps()).toEqual([]);
      await hub.store.write((tx) => tx.deleteFrom('decisions').execute());
    });

    test('of one app, whatever others send', async () => {
      await hub.store.write(async (tx) => {
        const notes = new RollNotes();
        const row = { id: 'x', type: 'x', doc: '', body_hash: '', status: 'done', priority: 'low', totals: '{}' };
        const none = { send_at: null, expires_at: null, cancel_key: null, collapse_key: null, done_at: null };
        await tx
          .insertInto('notifications')
          .values({ app: 'shop', ...row, ...none, about: null, ended: null, created_at: clock.now(), place: 0 })
          .execute();
        notes.moved({ app: 'shop', notification: 'x', channel: 'push', platform: 'ios' }, undefined, { state: 'sent' });
        await notes.write(tx);
      });
      expect(await total()).toMatchObject({ sent: 0 });
      expect((await asked([], 'shop')).total).toMatchObject({ sent: 1, cost: 0.5 });
      await hub.store.write((tx) => tx.deleteFrom('roll_ups').where('app', '=', 'shop').execute());
    });

    test('of what came after them: what was decided by an older version is left out', async () => {
      await hub.send({ ...PUSH, id: 'old' });
      await hub.store.write(async (tx) => {
        await tx.deleteFrom('roll_notes').execute();
        await tx
          .updateTable('meta')
          .set({ value: String(clock.now()) })
          .where('key', '=', 'analytics_after')
          .execute();
      });
      clock.pass(1000);
      await hub.engagements.record({
        ...{ app: 'default', person: 'ada', engagements: [{ notification: 'old', device: 'd1', event: 'opened' }] },
      });
      await hub.send(PUSH);
      expect(await total()).toMatchObject({ sent: 1, read: 0, opened: 0 });
      await hub.store.write((tx) => tx.deleteFrom('decisions').where('notification', '=', 'old').execute());
      await expectToAddUp(hub.store);
    });
  });
});
