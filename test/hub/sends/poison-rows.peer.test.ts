import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { HubStore } from '../../../src/hub/storage/storage.ts';
import { needs } from '../../support/needs.ts';
import { Clock, change, iosToken, phone } from '../directory.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';
import { hubOfSends } from './hub-of-sends.ts';

type Instance = ReturnType<typeof hubOfSends>;
/** Longer than an instance may be silent. */
const SILENCE = 11_000;

const to = (user: string, id: string) => ({ id, to: { users: [user] }, mode: 'push_only' });

/** What becomes of one notification cannot be written. */
const breakWriting = (store: HubStore, notification: string): Promise<void> =>
  store.write(async (tx) => {
    const when = sql.raw(`(NEW.notification = '${notification}' AND NEW.state = 'sent')`);
    const { engine } = store;
    if (engine === 'postgres') {
      const body = sql.raw("$$ BEGIN RAISE EXCEPTION 'a mistake'; END $$");
      await sql`CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS ${body}`.execute(tx);
    }
    const what = engine === 'postgres' ? 'EXECUTE FUNCTION broken()' : "BEGIN SELECT RAISE(ABORT, 'a mistake'); END";
    await sql`CREATE TRIGGER broken BEFORE UPDATE ON decisions FOR EACH ROW WHEN ${when} ${sql.raw(what)}`.execute(tx);
  });
const mend = (store: HubStore) =>
  store.write((tx) =>
    sql`DROP TRIGGER broken ${sql.raw(store.engine === 'postgres' ? 'ON decisions' : '')}`.execute(tx),
  );

describe.each(hubEngines.filter(({ name }) => name !== 'SQLite in memory'))('rows on $name', (engine) => {
  describe('that cannot be read or written hold up no others', needs(...engine.needs), () => {
    let place: HubPlace;
    let clock: Clock;
    let hub: Instance;
    const others: Instance[] = [];

    beforeAll(async () => {
      place = await engine.start();
    });
    beforeEach(async () => {
      clock = new Clock();
      hub = hubOfSends(await place.open(clock.now), clock);
      for (const [index, user] of ['ada', 'bob'].entries()) {
        await hub.devices.put(change, `d${index}`, phone(index, { user }));
        hub.carrier.fates[iosToken(index)] = 'hold';
      }
    });
    afterEach(async () => {
      for (const each of [hub, ...others.splice(0)]) {
        await each.sends.close();
        await each.store.close();
      }
    });
    afterAll(() => place?.end());

    const spoil = (notification: string) =>
      hub.store.write((tx) =>
        tx.updateTable('handovers').set({ doc: 'no JSON' }).where('notification', '=', notification).execute(),
      );

    test('a batch of a dead instance that cannot be read is sent again like those behind it', async () => {
      await hub.send(to('ada', 'spoilt'));
      await hub.send(to('bob', 'whole'));
      await spoil('spoilt');
      const other = hubOfSends((await place.again?.(clock.now)) as HubStore, clock, undefined, {
        monotonic: clock.now,
      });
      others.push(other);
      await other.sends.takeOver();
      clock.pass(SILENCE);
      await other.sends.takeOver();
      await other.sends.settle();
      await other.sends.settle();
      expect(await other.decisions()).toEqual(['ada 1 push sent', 'bob 1 push sent']);
      expect(other.carrier.taken).toHaveLength(2);
    });

    test('a person of a batch that cannot be read is erased', async () => {
      await hub.send(to('ada', 'spoilt'));
      await spoil('spoilt');
      hub.figures.isErased = true;
      await hub.people.erase({ ...change, id: 'ada' });
      const rows = await hub.store.db.selectFrom('handovers').select('doc').execute();
      expect(rows.map(({ doc }) => doc)).not.toContain('no JSON');
    });

    test('an outcome that cannot be written holds up no other, and is written once it can be', async () => {
      await hub.send(to('ada', 'bad'));
      await hub.send(to('bob', 'good'));
      await breakWriting(hub.store, 'bad');
      for (const [index, batch] of hub.carrier.taken.entries()) hub.carrier.finish(batch, iosToken(index), 'accept');
      await hub.sends.settle();
      expect(await hub.decisions()).toEqual(['ada 1 push pending', 'bob 1 push sent']);
      expect(hub.said.join()).toContain('a mistake');
      await mend(hub.store);
      await hub.sends.close();
      expect(await hub.decisions()).toEqual(['ada 1 push sent', 'bob 1 push sent']);
    });
  });
});
