import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cancelNotification } from '../../../../src/hub/sends/cancelling.ts';
import { bulkInsert } from '../../../../src/hub/storage/bulk-insert.ts';
import type { HubStore } from '../../../../src/hub/storage/storage.ts';
import { needs } from '../../../support/needs.ts';
import { Clock, change, iosToken, phone } from '../../directory.ts';
import { type HubPlace, hubEngines } from '../../hub-engines.ts';
import { hubOfSends } from '../hub-of-sends.ts';

/** More than a page of those who are decided about in one go. */
const PEOPLE = 560;
const HOUR = 3_600_000;
const userOf = (index: number): string => `u${String(index).padStart(3, '0')}`;

const MISTAKE = {
  sqlite: [
    `CREATE TRIGGER broken BEFORE UPDATE ON decisions FOR EACH ROW WHEN (NEW."user" = 'u003' AND NEW.state = 'pending')
     BEGIN SELECT RAISE(ABORT, 'a mistake'); END`,
  ],
  postgres: [
    `CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a mistake'; END $$`,
    `CREATE TRIGGER broken BEFORE UPDATE ON decisions FOR EACH ROW WHEN (NEW."user" = 'u003' AND NEW.state = 'pending')
     EXECUTE FUNCTION broken()`,
  ],
};

/** A decision about u003 cannot be written. */
const breakWriting = (store: HubStore) =>
  store.write(async (tx) => {
    for (const statement of MISTAKE[store.engine]) await sql.raw(statement).execute(tx);
  });

describe.each(hubEngines)('very many who wait for the same moment, in $name', (engine) => {
  describe('have a timer for each page', needs(...engine.needs), () => {
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
      expect(await timers()).toEqual(['held', 'held']);
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

    test('that names no one who is erased, and reaches as far as before', async () => {
      const named = async () => {
        const rows = await hub.store.db.selectFrom('due').select('data').where('kind', '=', 'held').execute();
        return rows.map(({ data }) => JSON.parse(data ?? '') as unknown).toSorted();
      };
      expect(await named()).toEqual([
        ['u000', 'u499'],
        ['u500', 'u559'],
      ]);
      hub.figures.isErased = true;
      for (const id of ['u000', 'u499', 'u500', 'u559', 'u100']) await hub.people.erase({ ...change, id });
      expect(await named()).toEqual([
        ['', 'u501'],
        ['u498', null],
      ]);
      await pass(HOUR);
      expect(new Set(sentTo()).size).toBe(PEOPLE - 5);
      expect(sentTo()).toHaveLength(PEOPLE - 5);
      expect(await hub.statusOf(id)).toBe('done');
    });

    test('after the last of which the notification is done, though nothing leaves of it', async () => {
      const off = { app: 'default', doc: JSON.stringify({ enabled: false }), snoozed_until: null, snooze_on_end: null };
      const rows = Array.from({ length: PEOPLE }, (_, index) => ({
        ...off,
        user: userOf(index),
        rev: 1,
        updated_at: 1,
      }));
      await hub.store.write((tx) => bulkInsert(tx, hub.store.engine, 'settings', rows));
      await pass(HOUR);
      expect(sentTo()).toEqual([]);
      expect(await timers()).toEqual([]);
      expect(await hub.statusOf(id)).toBe('done');
    });

    test('and those of a page that fails have timers of their own: one of them holds up no other', async () => {
      await breakWriting(hub.store);
      for (const ms of [HOUR, HOUR / 60, HOUR / 60]) await pass(ms);
      expect(new Set(sentTo()).size).toBe(PEOPLE - 1);
      expect(sentTo()).toHaveLength(PEOPLE - 1);
      expect(await statesOf('u003')).toEqual(['u003 1 realtime deferred scheduled', 'u003 2 push deferred scheduled']);
      expect(await timers()).toEqual(['person']);
      expect(hub.said.join()).toContain('a mistake');
    });
  });
});
