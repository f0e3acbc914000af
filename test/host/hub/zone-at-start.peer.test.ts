import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { zoneAtStart } from '../../../src/host/hub/zone-at-start.ts';
import type { HubPolicy } from '../../../src/hub/notifications/policy.ts';
import { replan } from '../../../src/hub/sends/replan.ts';
import { Clock, change, phone } from '../../hub/directory.ts';
import { type HubPlace, hubEngines } from '../../hub/hub-engines.ts';
import { policy as usual } from '../../hub/notifications/decide-cases.ts';
import { hubOfSends } from '../../hub/sends/hub-of-sends.ts';
import { needs } from '../../support/needs.ts';

const HOUR = 3_600_000;
const quiet = { quiet_hours: { start: '10:00', end: '15:00' } };

describe.each(hubEngines)('hub.timezone is another one after a restart, in $name', ({ needs: lacks, start }) => {
  describe('what is held', needs(...lacks), () => {
    let place: HubPlace;
    let clock: Clock;
    let policy: HubPolicy;
    let hub: ReturnType<typeof hubOfSends>;

    beforeAll(async () => {
      place = await start();
    });
    beforeEach(async () => {
      clock = new Clock();
      // Noon in UTC.
      clock.pass(12 * HOUR);
      policy = { ...usual, timezone: 'UTC' };
      hub = hubOfSends(await place.open(clock.now), clock, policy);
      for (const [index, id] of ['ada', 'bob'].entries()) {
        await hub.devices.put(change, `d${index}`, phone(index + 1, { user: id }));
        await hub.settings.put(hub.change(id), quiet);
      }
      await hub.people.put({ ...change, id: 'bob' }, { timezone: 'UTC' });
    });
    afterEach(async () => {
      await hub.sends.close();
      await hub.store.close();
    });
    afterAll(() => place?.end());

    /** As another process would begin, with this zone. */
    async function begin(zone: string): Promise<readonly string[]> {
      const planned: string[] = [];
      const { store } = hub;
      await zoneAtStart({
        store,
        zoneOf: () => zone,
        async changed(tx, app, users) {
          planned.push(...users);
          await replan(tx, app, users, clock.now());
        },
      });
      return planned;
    }
    const untils = async (): Promise<Record<string, number>> => {
      const rows = await hub.store.db.selectFrom('decisions').select(['user', 'until']).execute();
      return Object.fromEntries(rows.map(({ user, until }) => [user, (Number(until) - clock.ms) / HOUR]));
    };

    test('is planned by it at the start, and not only when it was to leave', async () => {
      expect(await begin('UTC')).toEqual([]);
      const { id } = await hub.send({ to: { users: ['ada', 'bob'] }, mode: 'push_only' });
      expect(await untils()).toEqual({ ada: 3, bob: 3 });
      await hub.sends.close();
      // In winter an hour earlier than in Berlin: the quiet hours end at 14:00 UTC.
      hub = hubOfSends(hub.store, clock, { ...policy, timezone: 'Europe/Berlin' });
      expect(await begin('Europe/Berlin')).toEqual(['ada']);
      await hub.pass(0);
      expect(await untils()).toEqual({ ada: 2, bob: 3 });
      await hub.pass(2 * HOUR);
      expect(hub.carrier.sent).toEqual(['00000001: m1']);
      expect(await hub.decisions(id)).toEqual(['ada 1 push sent', 'bob 1 push deferred quiet_hours']);
    });

    test('leaves at once where it is not the quiet hours there', async () => {
      await begin('UTC');
      await hub.send({ to: { users: ['ada'] }, mode: 'push_only' });
      await hub.sends.close();
      hub = hubOfSends(hub.store, clock, { ...policy, timezone: 'Asia/Tokyo' });
      await begin('Asia/Tokyo');
      await hub.pass(0);
      expect(hub.carrier.sent).toEqual(['00000001: m1']);
    });

    test('is left alone by a start with the same zone, and by one that has not noted one before', async () => {
      expect(await begin('Europe/Berlin')).toEqual([]);
      expect(await begin('Europe/Berlin')).toEqual([]);
    });

    test('is planned again by the next start where one ended in between', async () => {
      await begin('UTC');
      const failing = { store: hub.store, zoneOf: () => 'Asia/Tokyo' };
      const broken = zoneAtStart({ ...failing, changed: () => Promise.reject(new Error('ended')) });
      await expect(broken).rejects.toThrow('ended');
      expect(await begin('Asia/Tokyo')).toEqual(['ada']);
      expect(await begin('Asia/Tokyo')).toEqual([]);
    });

    test('is planned for more people than one page has', async () => {
      await begin('UTC');
      const many = Array.from({ length: 1200 }, (_, at) => `p${String(at).padStart(4, '0')}`);
      await hub.store.write(async (tx) => {
        for (const id of many)
          await tx
            .insertInto('users')
            .values({
              ...{ app: 'default', id, profile: '', locale: null, timezone: null, consent: '{}', rev: 1 },
              ...{ email_hash: null, phone_hash: null, slack_hash: null, created_at: 1, updated_at: 1 },
            })
            .execute();
      });
      expect(await begin('Asia/Tokyo')).toEqual(['ada', ...many]);
    });
  });
});
