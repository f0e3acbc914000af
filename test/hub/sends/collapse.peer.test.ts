import { beforeEach, describe, expect, test } from 'vitest';
import { collapse } from '../../../src/hub/sends/collapse.ts';
import { findNotification } from '../../../src/hub/sends/rows/notification-rows.ts';
import { needs } from '../../support/needs.ts';
import { type Clock, change, phone } from '../directory.ts';
import { hubEngines } from '../hub-engines.ts';
import { type HubOfSends, hubsOn, NOON } from './hubs-on.ts';

const HOUR = 3_600_000;
const score = { to: { users: ['ada'] }, mode: 'push_only', collapse_key: 'score' };

describe.each(hubEngines)('notifications with one collapse key in $name', ({ needs: lacks, start }) => {
  describe('the one that was taken last counts', needs(...lacks), () => {
    const fresh = hubsOn(start);
    let clock: Clock;
    let hub: HubOfSends;

    beforeEach(async () => {
      ({ clock, hub } = await fresh(NOON));
      await hub.devices.put(change, 'd1', phone(1, { user: 'ada' }));
    });

    /** What a later page of a notification comes to, decided about now. */
    async function laterPage(id: string) {
      const row = await findNotification(hub.store.db, 'default', id);
      if (!row) throw new Error(`no ${id}`);
      const notification = hub.opened(row);
      return hub.store.write(async (tx) => {
        const { superseded, changed } = await collapse(tx, notification, ['ada'], {
          ...{ isLaterPage: true, now: clock.now() },
        });
        return { superseded: [...superseded], cancelled: changed.length };
      });
    }

    test.each([-HOUR, 0, HOUR])('whatever the clock says: it went by %i ms between them', async (ms) => {
      await hub.settings.put(hub.change('ada'), { quiet_hours: { start: '10:00', end: '15:00' } });
      const first = await hub.send(score);
      clock.pass(ms);
      const second = await hub.send(score);
      expect(await laterPage(first.id)).toEqual({ superseded: ['ada'], cancelled: 0 });
      expect(await laterPage(second.id)).toEqual({ superseded: [], cancelled: 0 });
      expect(await hub.decisions(first.id)).toEqual(['ada 1 push cancelled superseded']);
      expect(await hub.decisions(second.id)).toEqual(['ada 1 push deferred quiet_hours']);
    });

    test('one with another key is neither earlier nor later', async () => {
      const first = await hub.send(score);
      await hub.send({ ...score, collapse_key: 'weather' });
      expect((await laterPage(first.id)).superseded).toEqual([]);
    });
  });
});
