import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { withWrite } from '../../../src/hub/storage/noting-failures.ts';
import type { HubStore } from '../../../src/hub/storage/storage.ts';
import { StoreUnavailable } from '../../../src/hub/storage/store-unavailable.ts';
import { needs } from '../../support/needs.ts';
import { until } from '../../support/until.ts';
import { Clock, change, iosToken, phone } from '../directory.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';
import { hubOfSends } from './hub-of-sends.ts';

type Instance = ReturnType<typeof hubOfSends>;
const PUSH = { to: { users: ['ada'] }, mode: 'push_only' };
/** Longer than an instance may be silent. */
const SILENCE = 11_000;

/** A store whose next answers are lost after they were written. */
function forgetful(store: HubStore) {
  const lost = { next: 0 };
  const write: HubStore['write'] = async (work) => {
    const result = await store.write(work);
    if (lost.next > 0) {
      lost.next--;
      throw new StoreUnavailable('the answer was lost');
    }
    return result;
  };
  return { lost, store: withWrite(store, write) };
}

describe.each(hubEngines.filter(({ name }) => name !== 'SQLite in memory'))('instances on $name', (engine) => {
  describe('go on where another one ended', needs(...engine.needs), () => {
    let place: HubPlace;
    let clock: Clock;
    let first: Instance;
    const others: Instance[] = [];

    beforeAll(async () => {
      place = await engine.start();
    });
    beforeEach(async () => {
      clock = new Clock();
      first = hubOfSends(await place.open(clock.now), clock);
      await first.devices.put(change, 'd1', phone(1, { user: 'ada' }));
      first.carrier.fates[iosToken(1)] = 'hold';
    });
    afterEach(async () => {
      for (const each of [first, ...others.splice(0)]) {
        await each.sends.close();
        await each.store.close();
      }
    });
    afterAll(() => place?.end());

    /** Another instance, which has looked once. */
    const another = async (wall = clock): Promise<Instance> => {
      const store = await place.again?.(wall.now);
      const made = hubOfSends(store as HubStore, wall, undefined, { monotonic: clock.now });
      others.push(made);
      await made.sends.takeOver();
      return made;
    };
    const lookAll = async (...instances: Instance[]): Promise<void> => {
      for (const each of instances) await each.sends.takeOver();
      for (const each of [...instances, ...instances]) await each.sends.settle();
    };
    const batchOf = ({ carrier }: Instance) => {
      const batch = carrier.taken[0];
      if (!batch) throw new Error('nothing was handed over');
      return batch;
    };

    test('one that was only slow changes nothing of what was taken over, and sends none of it', async () => {
      await first.sends.takeOver();
      const { id } = await first.send(PUSH);
      const second = await another();
      second.carrier.fates[iosToken(1)] = 'hold';
      clock.pass(SILENCE);
      await lookAll(second);
      expect(second.carrier.sent).toEqual(['00000001: m1']);
      expect(await first.carrier.stillWanted(batchOf(first))).toEqual([false]);
      first.carrier.finish(batchOf(first), iosToken(1), 'refuse');
      await first.sends.settle();
      expect(await first.decisions(id)).toEqual(['ada 1 push pending']);
      expect(await second.carrier.stillWanted(batchOf(second))).toEqual([true]);
      second.carrier.finish(batchOf(second), iosToken(1), 'accept');
      await second.sends.settle();
      expect(await first.decisions(id)).toEqual(['ada 1 push sent']);
      expect(await first.statusOf(id)).toBe('done');
    });

    test('one that stood still between its commit and its queue sends nothing of what was taken over', async () => {
      await first.sends.takeOver();
      const second = await another();
      const standing = Promise.withResolvers<void>();
      let stands = false;
      const still: HubStore = {
        ...forgetful(first.store).store,
        write: async (work) => {
          const result = await first.store.write(work);
          if (stands) await standing.promise;
          return result;
        },
      };
      const slow = hubOfSends(still, clock);
      others.push({ ...slow, store: { ...still, close: async () => {} } });
      await slow.sends.takeOver();
      await second.sends.takeOver();
      stands = true;
      const sending = slow.sends.accept({
        ...{ app: 'default', bodyHash: 'x' },
        doc: { id: 'n', type: 't', priority: 'medium', message: 'm1', ...PUSH } as never,
      });
      await until(async () => (await first.decisions('n')).length > 0);
      clock.pass(SILENCE);
      await lookAll(second);
      standing.resolve();
      await sending;
      await slow.sends.settle();
      expect([slow.carrier.sent, second.carrier.sent]).toEqual([[], ['00000001: m1']]);
    });

    test('whose clock is an hour ahead takes nothing from one that lives', async () => {
      const ahead = new Clock();
      ahead.pass(3_600_000);
      await first.sends.takeOver();
      await first.send(PUSH);
      const second = await another(ahead);
      for (let i = 0; i < 5; i++) {
        clock.pass(3000);
        await lookAll(first, second);
      }
      expect(second.carrier.sent).toEqual([]);
      clock.pass(SILENCE);
      await lookAll(second);
      expect(second.carrier.sent).toEqual(['00000001: m1']);
    });

    test('that was started again keeps what its queue has brought back, however short its silence was', async () => {
      await first.sends.takeOver();
      const { id } = await first.send(PUSH);
      const second = await another();
      const store = (await place.again?.(clock.now)) as HubStore;
      const again = hubOfSends(store, clock);
      others.push(again);
      const batch = batchOf(first);
      again.carrier.held.add(batch.batch);
      await again.sends.takeOver();
      clock.pass(SILENCE);
      await lookAll(again, second);
      expect([again.carrier.sent, second.carrier.sent]).toEqual([[], []]);
      again.carrier.finish(batch, iosToken(1), 'accept');
      await again.sends.settle();
      expect(await first.decisions(id)).toEqual(['ada 1 push sent']);
    });

    test('that is asked about what its queue has makes that its own', async () => {
      await first.sends.takeOver();
      await first.send(PUSH);
      const second = await another();
      const third = await another();
      expect(await third.carrier.stillWanted(batchOf(first))).toEqual([true]);
      third.carrier.held.add(batchOf(first).batch);
      clock.pass(SILENCE);
      await lookAll(third, second);
      expect(second.carrier.sent).toEqual([]);
    });

    test('what it was about to end is done, also where no one is left of whom it had not heard', async () => {
      await first.sends.takeOver();
      for (const at of [2, 3]) await first.devices.put(change, `d${at}`, phone(at, { user: `u${at}` }));
      first.carrier.fates[iosToken(2)] = 'hold';
      first.carrier.fates[iosToken(3)] = 'hold';
      const { id } = await first.send({ ...PUSH, to: { users: ['u2', 'u3'] } });
      await first.people.erase({ ...change, id: 'u3' });
      first.carrier.finish(batchOf(first), iosToken(2), 'accept');
      await first.sends.settle();
      expect(await first.decisions(id)).toEqual(['u2 1 push sent']);
      const second = await another();
      clock.pass(SILENCE);
      await lookAll(second);
      for (const each of [first, second]) each.figures.isErased = true;
      expect(await second.statusOf(id)).toBe('done');
    });

    test('what was committed without an answer leaves all the same', async () => {
      const { lost, store } = forgetful(first.store);
      const hub = hubOfSends(store, clock);
      others.push({ ...hub, store: { ...store, close: async () => {} } });
      await hub.sends.takeOver();
      lost.next = 1;
      await expect(hub.send({ ...PUSH, id: 'n' })).rejects.toThrow('lost');
      expect(await hub.send({ ...PUSH, id: 'n', message: 'm1' }).catch((error: Error) => error.message)).toContain(
        'id',
      );
      expect(hub.carrier.sent).toEqual([]);
      await lookAll(hub);
      await lookAll(hub);
      expect(hub.carrier.sent).toEqual(['00000001: m1']);
      expect(await hub.decisions('n')).toEqual(['ada 1 push sent']);
    });

    test('what the carrier does not take, while the store is away, leaves later', async () => {
      const { lost, store } = forgetful(first.store);
      const hub = hubOfSends(
        {
          ...store,
          write: async (work) => {
            if (lost.next > 0) {
              lost.next--;
              throw new StoreUnavailable('away');
            }
            return first.store.write(work);
          },
        },
        clock,
      );
      others.push({ ...hub, store: { ...store, close: async () => {} } });
      await hub.sends.takeOver();
      hub.carrier.isFull = true;
      const taken = hub.carrier.send.bind(hub.carrier);
      hub.carrier.send = async (batches) => {
        lost.next = 1;
        return taken(batches);
      };
      await hub.send({ ...PUSH, id: 'n' });
      hub.carrier.send = taken;
      hub.carrier.isFull = false;
      await lookAll(hub);
      await lookAll(hub);
      expect(hub.carrier.sent).toEqual(['00000001: m1']);
    });
  });
});
