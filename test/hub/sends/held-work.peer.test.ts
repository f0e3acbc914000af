import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cancelNotification } from '../../../src/hub/sends/cancelling.ts';
import type { HubStore } from '../../../src/hub/storage/storage.ts';
import { needs } from '../../support/needs.ts';
import { Clock, change, iosToken, phone } from '../directory.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';
import { hubOfSends } from './hub-of-sends.ts';

/** More than two pages of those who are looked at in one go: a person has two decisions. */
const PEOPLE = 560;
const HOUR = 3_600_000;
const userOf = (index: number): string => `u${String(index).padStart(3, '0')}`;

/** A decision about one person cannot be written. */
const breakWriting = (store: HubStore, user: string) =>
  store.write((tx) =>
    sql`CREATE TRIGGER broken BEFORE UPDATE ON decisions FOR EACH ROW
      WHEN (NEW."user" = ${sql.lit(user)} AND NEW.state = 'pending') BEGIN SELECT RAISE(ABORT, 'a mistake'); END`.execute(
      tx,
    ),
  );

describe.each(hubEngines)('very many who wait for the same moment, in $name', (engine) => {
  const isShared = engine.name === 'PostgreSQL';
  describe('have one timer', needs(...engine.needs), () => {
    let place: HubPlace;
    let clock: Clock;
    let hub: ReturnType<typeof hubOfSends>;
    let id: string;
    /** So far the clock goes back once it is asked who is there. */
    let setBackMs = 0;

    beforeAll(async () => {
      place = await engine.start();
    });
    beforeEach(async () => {
      clock = new Clock();
      const presenceOf = async () => {
        clock.pass(-setBackMs);
        setBackMs = 0;
        return new Map();
      };
      hub = hubOfSends(await place.open(clock.now), clock, undefined, { presenceOf });
      const row = (index: number) => hub.devices.readRow('default', `d${index}`, phone(index, { user: userOf(index) }));
      for (let at = 0; at < PEOPLE; at += 280)
        await hub.devices.importRows(
          change,
          Array.from({ length: 280 }, (_, index) => row(at + index)),
        );
      const sendAt = new Date(clock.now() + HOUR).toISOString();
      ({ id } = await hub.send({ to: { everyone: true }, send_at: sendAt }));
      await untilQuiet();
    });
    afterEach(async () => {
      await hub.sends.close();
      await hub.store.close();
    });
    afterAll(() => place?.end());

    const timers = async () => {
      const rows = await hub.store.db.selectFrom('due').select(['kind', 'data']).orderBy('kind').execute();
      return rows.map(({ kind }) => kind);
    };
    /** Each `settle` does what is due once. */
    async function untilQuiet(): Promise<void> {
      for (let turn = 0; turn < 20; turn++) await hub.sends.settle();
    }
    async function pass(ms: number): Promise<void> {
      clock.pass(ms);
      await untilQuiet();
    }
    const statesOf = async (user: string) => (await hub.decisions(id)).filter((each) => each.startsWith(`${user} `));
    const sentTo = () => hub.carrier.taken.flatMap(({ notification: { tokens } }) => tokens);

    test('by which each of them is sent to, once, and the notification is done', async () => {
      // Several instances share what is due by the timers of people.
      expect(await timers()).toEqual(isShared ? Array.from({ length: PEOPLE }, () => 'person') : ['held']);
      await pass(HOUR - 1);
      expect(sentTo()).toEqual([]);
      await pass(1);
      expect(sentTo().toSorted()).toEqual(Array.from({ length: PEOPLE }, (_, index) => iosToken(index)).toSorted());
      expect(await statesOf('u559')).toEqual(['u559 1 realtime sent', 'u559 2 push sent']);
      expect(await hub.statusOf(id)).toBe('done');
      expect(await timers()).toEqual([]);
    });

    test('that leaves out who has switched it off, signed out or moved to a later time since', async () => {
      await hub.settings.put(hub.change('u007'), { enabled: false });
      await hub.devices.put(change, 'd8', phone(8, { user: null }));
      const quiet = { quiet_hours: { start: '00:00', end: '12:00', timezone: 'UTC' } };
      await hub.settings.put(hub.change('u009'), quiet as never);
      await untilQuiet();
      await pass(HOUR);
      const sent = sentTo();
      expect(sent).toHaveLength(PEOPLE - 3);
      for (const index of [7, 8, 9]) expect(sent).not.toContain(iosToken(index));
      await pass(12 * HOUR);
      expect(sentTo().filter((token) => token === iosToken(9))).toHaveLength(1);
      expect(new Set(sentTo()).size).toBe(sentTo().length);
      expect(await hub.statusOf(id)).toBe('done');
    });

    test('that loses no one where the clock is set back while it is worked on', async () => {
      clock.pass(HOUR);
      setBackMs = 1000;
      await untilQuiet();
      expect(setBackMs).toBe(0);
      await pass(1000);
      expect(sentTo().toSorted()).toEqual(Array.from({ length: PEOPLE }, (_, index) => iosToken(index)).toSorted());
      expect(await hub.statusOf(id)).toBe('done');
    });

    test('which goes when the notification is cancelled', async () => {
      await cancelNotification({ store: hub.store, now: clock.now }, 'default', id);
      expect(await timers()).toEqual([]);
      await pass(HOUR);
      expect(sentTo()).toEqual([]);
    });

    // Of a PostgreSQL there is no such timer.
    if (isShared) return;

    test('that names no one who is erased while it is between two pages, and goes on behind the one before', async () => {
      clock.pass(HOUR);
      await hub.sends.settle();
      const [row] = await hub.store.db.selectFrom('due').select('data').where('kind', '=', 'held').execute();
      const last = row?.data ?? '';
      expect(last).not.toBe('');
      hub.figures.isErased = true;
      await hub.people.erase({ ...change, id: last });
      const after = await hub.store.db.selectFrom('due').select('data').where('kind', '=', 'held').execute();
      expect(after).toEqual([{ data: userOf(Number(last.slice(1)) - 1) }]);
      await untilQuiet();
      expect(new Set(sentTo()).size).toBe(PEOPLE);
      expect(sentTo()).toHaveLength(PEOPLE);
      expect(await hub.statusOf(id)).toBe('done');
    });

    test('and those of a page that fails have timers of their own: one of them holds up no other', async () => {
      await breakWriting(hub.store, 'u003');
      for (const ms of [HOUR, HOUR / 60, HOUR / 60]) await pass(ms);
      expect(new Set(sentTo()).size).toBe(PEOPLE - 1);
      expect(sentTo()).toHaveLength(PEOPLE - 1);
      expect(await statesOf('u003')).toEqual(['u003 1 realtime deferred scheduled', 'u003 2 push deferred scheduled']);
      expect(await timers()).toEqual(['person']);
      expect(hub.said.join()).toContain('a mistake');
    });
  });
});
