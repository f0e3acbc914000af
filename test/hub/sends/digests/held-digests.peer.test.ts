import { beforeEach, describe, expect, test } from 'vitest';
import { cancelNotification } from '../../../../src/hub/sends/cancelling.ts';
import { needs } from '../../../support/needs.ts';
import { type Clock, change, phone } from '../../directory.ts';
import { hubEngines } from '../../hub-engines.ts';
import { type HubOfSends, hubsOn, NOON } from '../hubs-on.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WINDOW = 15 * MINUTE;
const PUSH = { to: { users: ['ada'] }, mode: 'push_only' };
const DIGEST = { ...PUSH, digest: { key: 'k', window: '15m' } };

describe.each(hubEngines)('a digest that may not leave yet, in $name,', ({ needs: lacks, start }) => {
  describe('waits', needs(...lacks), () => {
    const fresh = hubsOn(start);
    let clock: Clock;
    let hub: HubOfSends;

    beforeEach(async () => {
      ({ clock, hub } = await fresh(NOON));
      await hub.devices.put(change, 'd1', phone(1, { user: 'ada' }));
    });

    const quiet = (end: string) =>
      hub.settings.put(hub.change('ada'), { quiet_hours: { start: '12:10', end, allow: ['critical'] } });
    const snooze = (ms: number, on_end: 'release' | 'clear') =>
      hub.settings.snooze(hub.change('ada'), { until: clock.now() + ms, on_end });
    const left = async () => [
      ...(await hub.store.db.selectFrom('due').select('kind').execute()),
      ...(await hub.store.db.selectFrom('digest_items').select('id').execute()),
    ];

    test('and tells of nothing that was cancelled, read or has expired when quiet hours end', async () => {
      await quiet('15:00');
      const expires_at = new Date(clock.now() + HOUR).toISOString();
      const [cancelled, read, expired, other] = [
        (await hub.send(DIGEST)).id as string,
        (await hub.send(DIGEST)).id as string,
        (await hub.send({ ...DIGEST, expires_at })).id,
        (await hub.send(DIGEST)).id,
      ];
      await hub.pass(WINDOW);
      expect(await cancelNotification({ store: hub.store, now: clock.now }, 'default', cancelled)).toEqual({
        cancelled: 1,
        left: 0,
      });
      await hub.inbox.mark({ app: 'default', user: 'ada' }, read, 'read');
      const { until } = await hub.store.db
        .selectFrom('decisions')
        .select('until')
        .where('notification', '=', other as string)
        .executeTakeFirstOrThrow();
      expect(until).toBe(clock.now() + 3 * HOUR - WINDOW);
      await hub.pass(3 * HOUR - WINDOW);
      expect(hub.carrier.sent).toEqual(['00000001: m4']);
      expect(await hub.decisions(cancelled)).toEqual(['ada 1 push cancelled cancelled']);
      expect(await hub.decisions(read)).toEqual(['ada 1 push cancelled read']);
      expect(await hub.decisions(expired)).toEqual(['ada 1 push expired expired']);
      expect(await hub.decisions(other)).toEqual(['ada 1 push sent']);
      expect(await left()).toEqual([]);
    });

    test('for what is collected meanwhile, and holds up nothing that may come through', async () => {
      await quiet('15:00');
      await hub.send(DIGEST);
      await hub.pass(WINDOW);
      await hub.send(DIGEST);
      await hub.send({ ...DIGEST, priority: 'critical' });
      await hub.pass(WINDOW);
      expect(hub.carrier.sent).toEqual(['00000001: m3']);
      await hub.pass(3 * HOUR);
      expect(hub.carrier.sent).toEqual(['00000001: m3', '00000001: m1\nm2']);
      expect(await left()).toEqual([]);
    });

    test('until the person takes quiet hours back, or says another end', async () => {
      await quiet('15:00');
      await hub.send(DIGEST);
      await hub.pass(WINDOW);
      await quiet('13:00');
      await hub.pass(0);
      await hub.pass(30 * MINUTE);
      expect(hub.carrier.sent).toEqual([]);
      await hub.settings.put(hub.change('ada'), {});
      await hub.pass(0);
      expect(hub.carrier.sent).toEqual(['00000001: m1']);
      expect(await left()).toEqual([]);
    });

    test('until the earlier end of what holds it, and then until the later one', async () => {
      await quiet('13:00');
      await hub.send(DIGEST);
      await hub.pass(WINDOW);
      await snooze(2 * HOUR, 'release');
      await hub.pass(HOUR);
      expect(hub.carrier.sent).toEqual([]);
      await hub.pass(HOUR);
      expect(hub.carrier.sent).toEqual(['00000001: m1']);
    });

    test('until a snooze is ended early', async () => {
      await snooze(2 * HOUR, 'release');
      const { id } = await hub.send(DIGEST);
      await hub.pass(WINDOW);
      expect(await hub.decisions(id)).toEqual(['ada 1 push deferred digested']);
      await hub.settings.wake(hub.change('ada'));
      await hub.pass(0);
      expect(hub.carrier.sent).toEqual(['00000001: m1']);
    });

    test('also where a later hop of its items is collected meanwhile, and ruled out', async () => {
      await hub.people.put({ ...change, id: 'ada' }, { email: 'ada@example.com', consent: { email: true } });
      await hub.devices.put(change, 'd2', phone(2, { user: 'ada', enabled: false }));
      await quiet('15:00');
      const plan = [{ channel: 'push', until: 'seen', wait: '30m' }, { channel: 'email' }];
      const { id } = await hub.send({ to: DIGEST.to, plan, digest: DIGEST.digest });
      await hub.pass(WINDOW);
      await hub.pass(WINDOW);
      expect(await hub.decisions(id)).toContain('ada 2 email deferred digested');
      await hub.settings.patch(hub.change('ada'), { channels: { email: false } });
      await hub.pass(0);
      await hub.pass(3 * HOUR);
      expect(hub.carrier.sent).toEqual(['00000001: m1']);
      expect(await hub.statusOf(id as string)).toBe('done');
      expect(await left()).toEqual([]);
    });

    test('and is cleared by a snooze that clears', async () => {
      await snooze(2 * HOUR, 'release');
      const { id } = await hub.send(DIGEST);
      await hub.pass(WINDOW);
      await snooze(HOUR, 'clear');
      await hub.pass(0);
      await hub.pass(HOUR);
      await hub.pass(HOUR);
      expect(hub.carrier.sent).toEqual([]);
      expect(await hub.decisions(id)).toEqual(['ada 1 push suppressed snoozed']);
      expect(await left()).toEqual([]);
    });

    test('also where what it holds is switched off, or superseded, or its person erased', async () => {
      await quiet('15:00');
      const off = await hub.send({ ...DIGEST, type: 'news' });
      const old = await hub.send({ ...DIGEST, collapse_key: 'c' });
      await hub.pass(WINDOW);
      await hub.settings.patch(hub.change('ada'), { types: { news: false } });
      await hub.send({ ...PUSH, collapse_key: 'c' });
      await hub.pass(0);
      expect(await hub.decisions(off.id)).toEqual(['ada 1 push suppressed type_disabled']);
      expect(await hub.decisions(old.id)).toEqual(['ada 1 push cancelled superseded']);
      await hub.send(DIGEST);
      await hub.pass(WINDOW);
      hub.figures.isErased = true;
      await hub.people.erase({ ...change, id: 'ada' });
      await hub.pass(3 * HOUR);
      expect(hub.carrier.sent).toEqual([]);
      expect(await left()).toEqual([]);
    });
  });
});
