import { beforeEach, describe, expect, test } from 'vitest';
import { cancelNotification } from '../../../src/hub/sends/cancelling.ts';
import { eraseSends } from '../../../src/hub/sends/erase-sends.ts';
import { needs } from '../../support/needs.ts';
import { until } from '../../support/until.ts';
import { type Clock, change, iosToken, phone } from '../directory.ts';
import { hubEngines } from '../hub-engines.ts';
import { hubOfSends } from './hub-of-sends.ts';
import { type HubOfSends, hubsOn, NOON } from './hubs-on.ts';

const HOUR = 3_600_000;
const PUSH = { to: { users: ['ada'] }, mode: 'push_only' };
const DIGEST = { digest: { key: 'k', window: '15m' } };

// Each of these once had no end, or one that was not true.
describe.each(hubEngines)('what is sent, in $name,', ({ needs: lacks, start }) => {
  describe('ends once', needs(...lacks), () => {
    const fresh = hubsOn(start);
    let clock: Clock;
    let hub: HubOfSends;

    beforeEach(async () => {
      ({ clock, hub } = await fresh(NOON));
    });

    const device = (number: number, user: string | null, more: object = {}) =>
      hub.devices.put(change, `d${number}`, phone(number, { user, ...more }));
    const mailbox = (user: string, email: string) =>
      hub.people.put({ ...change, id: user }, { email, consent: { email: true } });
    const cancel = (id: string) => cancelNotification({ store: hub.store, now: clock.now }, 'default', id);
    const read = (id: string) => hub.inbox.mark({ app: 'default', user: 'ada' }, id, 'read');
    const batchOf = (at: number) => {
      const batch = hub.carrier.taken.at(at);
      if (!batch) throw new Error('nothing was handed over');
      return batch;
    };

    test('for two people who share a mailbox, with one mail', async () => {
      await mailbox('ada', 'family@example.com');
      await mailbox('bob', 'family@example.com');
      const { id } = await hub.send({ to: { users: ['ada', 'bob'] }, channels: ['email'], mode: 'redundant' });
      expect(hub.carrier.sent).toEqual(['family@e: m1']);
      expect(await hub.decisions(id)).toEqual(['ada 1 email sent', 'bob 1 email sent']);
      expect(await hub.statusOf(id)).toBe('done');
    });

    test('at once, when it goes to the stream alone', async () => {
      await device(1, 'ada');
      const { status } = await hub.send({ to: { users: ['ada'] }, mode: 'realtime_only' });
      expect(status).toBe('done');
    });

    test('when a hop that waited for the stream begins in quiet hours', async () => {
      await device(1, 'ada');
      hub.presence.set('ada', 'active');
      await hub.settings.put(hub.change('ada'), { quiet_hours: { start: '11:00', end: '15:00' } });
      const { id } = await hub.send({ to: { users: ['ada'] }, channels: ['realtime', 'push'], mode: 'hybrid' });
      await hub.pass(7000);
      expect(await hub.decisions(id)).toEqual(['ada 1 realtime sent', 'ada 2 push deferred quiet_hours']);
      await hub.pass(3 * HOUR);
      expect(await hub.decisions(id)).toEqual(['ada 1 realtime sent', 'ada 2 push sent']);
      expect(await hub.statusOf(id)).toBe('done');
    });

    test('when it is read while it is held: then nothing of it waits any more', async () => {
      await device(1, 'ada');
      await hub.settings.put(hub.change('ada'), { quiet_hours: { start: '11:00', end: '15:00' } });
      const { id } = await hub.send({ to: { users: ['ada'] }, channels: ['push'], mode: 'push_only' });
      const waiting = () =>
        hub.store.db
          .selectFrom('decisions')
          .select('state')
          .where('notification', '=', id)
          .where('due_row', 'is not', null)
          .execute();
      expect(await waiting()).toEqual([{ state: 'deferred' }]);
      await read(id);
      expect(await hub.decisions(id)).toEqual(['ada 1 push cancelled read']);
      expect(await waiting()).toEqual([]);
      expect(await hub.statusOf(id)).toBe('done');
    });

    test('when all who were still to hear of it are erased', async () => {
      await device(1, 'ada');
      await device(2, 'bob');
      await hub.settings.put(hub.change('bob'), { quiet_hours: { start: '11:00', end: '15:00' } });
      const { id } = await hub.send({ to: { users: ['ada', 'bob'] }, mode: 'push_only' });
      hub.figures.isErased = true;
      await hub.store.write((tx) => eraseSends(tx, { seal: hub.store.seal, now: clock.now() }, 'default', 'bob'));
      expect(await hub.statusOf(id)).toBe('done');
    });

    test('when the last outcome is about someone who was erased meanwhile', async () => {
      await device(1, 'ada');
      await device(2, 'bob');
      hub.carrier.fates[iosToken(1)] = 'hold';
      hub.carrier.fates[iosToken(2)] = 'hold';
      const { id } = await hub.send({ to: { users: ['ada', 'bob'] }, mode: 'push_only' });
      hub.carrier.finish(batchOf(0), iosToken(1), 'accept');
      await hub.pass(0);
      hub.figures.isErased = true;
      await hub.store.write((tx) => eraseSends(tx, { seal: hub.store.seal, now: clock.now() }, 'default', 'bob'));
      hub.carrier.finish(batchOf(0), iosToken(2), 'accept');
      await hub.pass(0);
      expect(await hub.statusOf(id)).toBe('done');
      expect(await hub.store.db.selectFrom('handovers').selectAll().execute()).toEqual([]);
    });

    test('when the carrier gives back what was for someone who was erased meanwhile', async () => {
      await device(1, 'ada');
      await mailbox('bob', 'bob@example.com');
      const { promise, resolve } = Promise.withResolvers<void>();
      hub.carrier.send = async (batches) => {
        hub.carrier.taken.push(...batches);
        await promise;
        const mails = batches.filter(({ notification }) => !notification.tokens.includes(iosToken(1)));
        return mails.map(({ batch }) => ({ batch, why: 'full' }));
      };
      const to = { users: ['ada', 'bob'] };
      const sending = hub.send({ id: 'n', to, channels: ['push', 'email'], mode: 'redundant' });
      await until(() => hub.carrier.taken.length === 2);
      await hub.people.erase({ ...change, id: 'bob' });
      hub.figures.isErased = true;
      const push = hub.carrier.taken.find(({ notification }) => notification.tokens.includes(iosToken(1)));
      hub.carrier.finish(push ?? batchOf(0), iosToken(1), 'accept');
      await until(async () => (await hub.decisions('n')).includes('ada 1 push sent'));
      resolve();
      await sending;
      expect(await hub.decisions('n')).toEqual(['ada 1 push sent', 'ada 2 email suppressed no_address']);
      expect(await hub.statusOf('n')).toBe('done');
    });

    test('for whom a later one was decided about, before the page of an older one came so far', async () => {
      const paging = hubOfSends(hub.store, clock, undefined, { page: 1 });
      await device(1, 'ada');
      await device(2, 'bob');
      const send = (id: string, to: object) =>
        paging.sends.accept({
          ...{ app: 'default', bodyHash: id },
          doc: { id, type: 't', priority: 'medium', message: id, mode: 'push_only', collapse_key: 'k', to } as never,
        });
      await send('old', { everyone: true });
      clock.pass(1);
      await send('new', { users: ['bob'] });
      await paging.pass(0);
      await paging.pass(0);
      expect(paging.carrier.sent.toSorted()).toEqual(['00000001: old', '00000002: new']);
      expect(await hub.decisions('old')).toEqual(['ada 1 push sent', 'bob 1 push cancelled superseded']);
      expect(await hub.statusOf('old')).toBe('done');
      await paging.sends.close();
    });

    test.each([
      ['', 0],
      [', also where the clock was set back meanwhile', -3_600_000],
      [', also where the clock was set forward and back before', 3_600_000],
    ])(
      'for people who were there when it was accepted, and not for one of the same id who came later%s',
      async (_, jump) => {
        const paging = hubOfSends(hub.store, clock, undefined, { page: 1 });
        await device(1, 'ada');
        await device(2, 'bob');
        if (jump > 0) {
          // Erased before, by a clock that was ahead: that is no reason to leave her out.
          clock.pass(jump);
          await hub.people.erase({ ...change, id: 'ada' });
          clock.pass(-jump);
          await device(1, 'ada');
        }
        await paging.sends.accept({
          ...{ app: 'default', bodyHash: 'x' },
          doc: {
            id: 'n',
            type: 't',
            priority: 'medium',
            message: 'n',
            mode: 'push_only',
            to: { everyone: true },
          } as never,
        });
        if (jump < 0) clock.pass(jump);
        await hub.people.erase({ ...change, id: 'bob' });
        // What is due waits for its time.
        if (jump < 0) clock.pass(-jump);
        clock.pass(1);
        await device(3, 'bob');
        await paging.pass(0);
        await paging.pass(0);
        expect(paging.carrier.sent).toEqual(['00000001: n']);
        expect(await hub.statusOf('n')).toBe('done');
        await paging.sends.close();
      },
    );

    describe('when its push comes back from a retry:', () => {
      beforeEach(async () => {
        await device(1, 'ada');
        hub.carrier.fates[iosToken(1)] = 'hold';
      });

      /** The carrier asks, and hears that it is not wanted. */
      const comesBack = async () => {
        const batch = batchOf(0);
        expect(await hub.carrier.stillWanted(batch)).toEqual([false]);
        hub.carrier.finish(batch, iosToken(1), 'cancelled');
        await hub.pass(0);
        expect(hub.carrier.sent).toHaveLength(1);
      };

      test('it was read meanwhile', async () => {
        const { id } = await hub.send(PUSH);
        await read(id);
        await comesBack();
        expect(await hub.decisions(id)).toEqual(['ada 1 push cancelled read']);
        expect(await hub.statusOf(id)).toBe('done');
      });

      test('it was cancelled meanwhile', async () => {
        const { id } = await hub.send(PUSH);
        expect(await cancel(id)).toEqual({ cancelled: 0, left: 1 });
        await comesBack();
        expect(await hub.decisions(id)).toEqual(['ada 1 push cancelled cancelled']);
      });

      test('a later one has taken its place', async () => {
        const { id } = await hub.send({ ...PUSH, collapse_key: 'score' });
        hub.carrier.fates[iosToken(1)] = 'accept';
        await hub.send({ ...PUSH, collapse_key: 'score' });
        const batch = batchOf(0);
        expect(await hub.carrier.stillWanted(batch)).toEqual([false]);
        hub.carrier.finish(batch, iosToken(1), 'cancelled');
        await hub.pass(0);
        expect(hub.carrier.sent).toEqual(['00000001: m1', '00000001: m2']);
        expect(await hub.decisions(id)).toEqual(['ada 1 push cancelled superseded']);
      });

      test('it was read, and the carrier gives it back', async () => {
        hub.carrier.isFull = true;
        const { id } = await hub.send(PUSH);
        hub.carrier.isFull = false;
        await until(async () => (await hub.decisions(id))[0] === 'ada 1 push deferred');
        await read(id);
        await hub.pass(2000);
        expect(hub.carrier.sent).toEqual([]);
        expect(await hub.decisions(id)).toEqual(['ada 1 push cancelled read']);
      });
    });

    describe('when a digest takes it:', () => {
      beforeEach(() => device(1, 'ada'));

      test('the hops behind it, too', async () => {
        await mailbox('ada', 'ada@example.com');
        const plan = [{ channel: 'push', until: 'failed' }, { channel: 'email' }];
        const { id } = await hub.send({ to: { users: ['ada'] }, plan, ...DIGEST });
        await hub.pass(15 * 60_000);
        expect(await hub.decisions(id)).toEqual(['ada 1 push sent', 'ada 2 email cancelled superseded']);
        expect(await hub.statusOf(id)).toBe('done');
      });

      test('in each way as the digest did', async () => {
        await mailbox('ada', 'ada@example.com');
        hub.carrier.fates[iosToken(1)] = 'refuse';
        const channels = ['realtime', 'push', 'email'];
        const { id } = await hub.send({ to: { users: ['ada'] }, channels, mode: 'redundant', ...DIGEST });
        await hub.pass(15 * 60_000);
        expect(await hub.decisions(id)).toEqual([
          'ada 1 realtime sent',
          'ada 2 push failed BadTopic',
          'ada 3 email sent',
        ]);
        expect(await hub.statusOf(id)).toBe('done');
      });

      test('it has left, and is not cancelled any more', async () => {
        hub.carrier.fates[iosToken(1)] = 'hold';
        const { id } = await hub.send({ ...PUSH, ...DIGEST });
        await hub.pass(15 * 60_000);
        expect(await cancel(id)).toEqual({ cancelled: 0, left: 1 });
        hub.carrier.finish(batchOf(0), iosToken(1), 'accept');
        await hub.pass(0);
        expect(await hub.decisions(id)).toEqual(['ada 1 push sent']);
      });

      test('what is critical leaves in quiet hours, and takes nothing else with it', async () => {
        const critical = await hub.send({ ...PUSH, ...DIGEST, priority: 'critical' });
        const other = await hub.send({ ...PUSH, ...DIGEST });
        await hub.settings.put(hub.change('ada'), { quiet_hours: { start: '11:00', end: '15:00' } });
        await hub.pass(15 * 60_000);
        expect(hub.carrier.sent).toEqual(['00000001: m1']);
        expect(await hub.decisions(critical.id)).toEqual(['ada 1 push sent']);
        await hub.pass(3 * HOUR);
        expect(hub.carrier.sent).toEqual(['00000001: m1', '00000001: m2']);
        expect(await hub.decisions(other.id)).toEqual(['ada 1 push sent']);
      });

      test('until the time at which the window of its first item ends', async () => {
        await hub.send({ ...PUSH, ...DIGEST });
        await hub.pass(10 * 60_000);
        const { id } = await hub.send({ ...PUSH, ...DIGEST });
        const row = await hub.store.db.selectFrom('decisions').select('until').where('notification', '=', id).execute();
        expect(row).toEqual([{ until: clock.now() + 5 * 60_000 }]);
      });
    });
  });
});
