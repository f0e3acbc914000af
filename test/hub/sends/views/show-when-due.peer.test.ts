import { beforeEach, describe, expect, test } from 'vitest';
import { cancelNotification } from '../../../../src/hub/sends/cancelling.ts';
import { needs } from '../../../support/needs.ts';
import { type Clock, change, phone } from '../../directory.ts';
import { hubEngines } from '../../hub-engines.ts';
import { type HubOfSends, hubsOn, NOON } from '../hubs-on.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ADA = { app: 'default', user: 'ada' };
const TO = { to: { users: ['ada'] }, mode: 'push_only' };

describe.each(hubEngines)('an inbox, in $name,', ({ needs: lacks, start }) => {
  describe('does not have what was over before it came:', needs(...lacks), () => {
    const fresh = hubsOn(start);
    let clock: Clock;
    let hub: HubOfSends;

    beforeEach(async () => {
      ({ clock, hub } = await fresh(NOON));
      await hub.devices.put(change, 'd1', phone(1, { user: 'ada' }));
    });

    const instant = (ms: number) => new Date(clock.now() + ms).toISOString();
    const shown = async () => {
      const { unread, unseen } = await hub.inbox.counts(ADA);
      const { rows } = await hub.inbox.page(ADA, 10, undefined);
      return [unread, unseen, rows.length];
    };
    const NOTHING = [0, 0, 0];
    const ONE = [1, 1, 1];

    test('what had expired when it was sent', async () => {
      const { id, status } = await hub.send({ ...TO, expires_at: instant(-MINUTE) });
      expect(status).toBe('expired');
      expect(await shown()).toEqual(NOTHING);
      expect(await hub.decisions(id)).toEqual(['ada 1 push expired expired']);
    });

    test.each([
      ['expires before its time', HOUR, 10 * MINUTE],
      ['expires at its time', HOUR, HOUR],
    ])('what is scheduled and %s, at any time', async (_, send, expires) => {
      const { id } = await hub.send({ ...TO, send_at: instant(send), expires_at: instant(expires) });
      for (let at = 0; at <= 2 * HOUR; at += 10 * MINUTE) {
        expect(await shown()).toEqual(NOTHING);
        await hub.pass(10 * MINUTE);
      }
      expect(hub.carrier.sent).toEqual([]);
      expect(await hub.decisions(id)).toEqual(['ada 1 push expired expired']);
    });

    test('what was late for its time, and has expired by then', async () => {
      await hub.send({ ...TO, send_at: instant(HOUR), expires_at: instant(2 * HOUR) });
      await hub.pass(3 * HOUR);
      expect(hub.carrier.sent).toEqual([]);
      expect(await shown()).toEqual(NOTHING);
    });

    test('what is cancelled, or superseded, before its time', async () => {
      const { id } = await hub.send({ ...TO, send_at: instant(HOUR) });
      await cancelNotification({ store: hub.store, now: clock.now }, 'default', id as string);
      await hub.send({ ...TO, send_at: instant(HOUR), collapse_key: 'c' });
      await hub.send({ ...TO, collapse_key: 'c' });
      await hub.pass(2 * HOUR);
      expect(hub.carrier.sent).toEqual(['00000001: m3']);
      expect(await shown()).toEqual(ONE);
    });

    test('what is scheduled and expires before its time, where its channels follow one another', async () => {
      hub.presence.set('ada', 'active');
      const one = { to: { users: ['ada'] }, mode: 'hybrid' };
      const { id } = await hub.send({ ...one, send_at: instant(HOUR), expires_at: instant(10 * MINUTE) });
      await hub.send({ ...one, send_at: instant(HOUR), expires_at: instant(2 * HOUR) });
      for (let at = 0; at < HOUR; at += 10 * MINUTE) {
        expect(await shown()).toEqual(NOTHING);
        await hub.pass(10 * MINUTE);
      }
      expect(await hub.decisions(id)).toContain('ada 1 realtime expired expired');
      expect(await shown()).toEqual(ONE);
    });

    test('what is switched off by the time that it was scheduled for', async () => {
      const { id } = await hub.send({ ...TO, type: 'news', send_at: instant(HOUR) });
      await hub.send({ ...TO, type: 'chat', send_at: instant(HOUR) });
      await hub.pass(10 * MINUTE);
      await hub.settings.put(hub.change('ada'), { types: { news: false } });
      for (let at = 10 * MINUTE; at < HOUR; at += 10 * MINUTE) {
        expect(await shown()).toEqual(NOTHING);
        await hub.pass(10 * MINUTE);
      }
      expect(await hub.decisions(id)).toEqual(['ada 1 push suppressed type_disabled']);
      expect(await shown()).toEqual(ONE);
    });

    test('and has what comes at its time, and what waited in it until it expired', async () => {
      await hub.send({ ...TO, send_at: instant(HOUR), expires_at: instant(2 * HOUR) });
      await hub.pass(HOUR);
      expect(hub.carrier.sent).toEqual(['00000001: m1']);
      await hub.pass(2 * HOUR);
      expect(await shown()).toEqual(ONE);
      await hub.settings.put(hub.change('ada'), { quiet_hours: { start: '14:30', end: '23:00' } });
      await hub.send({ ...TO, expires_at: instant(HOUR) });
      expect(await shown()).toEqual([2, 2, 2]);
      await hub.pass(2 * HOUR);
      expect(hub.carrier.sent).toHaveLength(1);
      expect(await shown()).toEqual([2, 2, 2]);
    });
  });
});
