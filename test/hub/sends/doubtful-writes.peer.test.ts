import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { notingFailures } from '../../../src/hub/storage/noting-failures.ts';
import type { HubStore } from '../../../src/hub/storage/storage.ts';
import { StoreUnavailable } from '../../../src/hub/storage/store-unavailable.ts';
import { needs } from '../../support/needs.ts';
import { Clock, change, phone } from '../directory.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';
import { hubOfSends } from './hub-of-sends.ts';

const PUSH = { to: { users: ['ada'] }, mode: 'push_only' };

/** A store that is lost right after the next commit: what was written is there, and no one was answered. */
function silentStore(store: HubStore) {
  const state = { isSilent: false };
  const silent: HubStore = {
    ...notingFailures(store, () => {}),
    async write(work) {
      const result = await store.write(work);
      if (!state.isSilent) return result;
      state.isSilent = false;
      throw new StoreUnavailable('no answer');
    },
  };
  return { store: silent, state };
}

describe.each(hubEngines)('a write that was not answered, in $name', ({ needs: lacks, start }) => {
  describe('and was done', needs(...lacks), () => {
    let place: HubPlace;
    let clock: Clock;
    let lost: ReturnType<typeof silentStore>;
    let hub: ReturnType<typeof hubOfSends>;

    beforeAll(async () => {
      place = await start();
    });
    beforeEach(async () => {
      clock = new Clock();
      lost = silentStore(await place.open(clock.now));
      hub = hubOfSends(lost.store, clock);
      await hub.devices.put(change, 'd1', phone(1, { user: 'ada' }));
    });
    afterEach(async () => {
      await hub.sends.close();
      await hub.store.close();
    });
    afterAll(() => place?.end());

    const lookLater = async (): Promise<void> => {
      await hub.sends.takeOver();
      await hub.pass(5001);
      await hub.sends.takeOver();
      await hub.sends.settle();
      await hub.sends.settle();
    };

    test('is sent, once, and the sender who asks again has the answer', async () => {
      const body = { id: 'n1', message: 'hi', ...PUSH };
      lost.state.isSilent = true;
      await expect(hub.send(body)).rejects.toMatchObject({ kind: 'unavailable' });
      expect(hub.carrier.sent).toEqual([]);
      await lookLater();
      expect(hub.carrier.sent).toEqual(['00000001: hi']);
      expect(await hub.decisions()).toEqual(['ada 1 push sent']);
      expect(await hub.send(body)).toMatchObject({ id: 'n1', status: 'done' });
      await lookLater();
      expect(hub.carrier.sent).toHaveLength(1);
    });

    test('at the end of quiet hours leaves all the same', async () => {
      await hub.send({ ...PUSH, send_at: new Date(clock.now() + 60_000).toISOString() });
      clock.pass(60_000);
      // The claim, and then the work of it.
      await hub.sends.settle().catch(() => {});
      expect(hub.carrier.sent).toHaveLength(1);
      await hub.send({ ...PUSH, send_at: new Date(clock.now() + 60_000).toISOString() });
      clock.pass(60_000);
      lost.state.isSilent = true;
      await hub.sends.settle().catch(() => {});
      await hub.pass(31_000);
      await lookLater();
      expect(hub.carrier.sent).toHaveLength(2);
    });

    test('what is under way is not taken for lost', async () => {
      hub.carrier.fates[phone(1).token] = 'hold';
      await hub.send(PUSH);
      await hub.devices.put(change, 'd2', phone(2, { user: 'bob' }));
      lost.state.isSilent = true;
      await expect(hub.send({ ...PUSH, to: { users: ['bob'] } })).rejects.toMatchObject({ kind: 'unavailable' });
      await lookLater();
      expect(hub.carrier.sent).toEqual(['00000001: m1', '00000002: m2']);
    });

    test('nor is anything looked at once five minutes have passed without another', async () => {
      lost.state.isSilent = true;
      await expect(hub.send(PUSH)).rejects.toMatchObject({ kind: 'unavailable' });
      await lookLater();
      clock.pass(300_001);
      await hub.sends.takeOver();
      const [row] = await hub.store.db.selectFrom('meta').select('key').where('key', 'like', 'instance:%').execute();
      const instance = row?.key.slice('instance:'.length) ?? '';
      const stray = {
        app: 'default',
        batch: 'b',
        notification: 'n',
        hop: 1,
        instance,
        handed_at: clock.now() - 10_000,
      };
      await hub.store.write((tx) =>
        tx
          .insertInto('handovers')
          .values({ ...stray, doc: '{"channel":"push","targets":[]}' })
          .execute(),
      );
      await hub.sends.takeOver();
      expect(await hub.store.db.selectFrom('handovers').select('batch').execute()).toEqual([{ batch: 'b' }]);
    });
  });
});
