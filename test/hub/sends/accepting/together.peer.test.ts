import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseNotification } from '../../../../src/hub/notifications/notification-doc.ts';
import type { SendOrder } from '../../../../src/hub/sends/accepting/send-order.ts';
import type { HubStore } from '../../../../src/hub/storage/storage.ts';
import { needs } from '../../../support/needs.ts';
import { type HubPlace, hubEngines } from '../../hub-engines.ts';
import { hubOfSends } from '../hub-of-sends.ts';

const PEOPLE = 90;

describe.each(hubEngines)('sends that come at the same moment, in $name,', ({ needs: lacks, start }) => {
  describe('go into the store together', needs(...lacks), () => {
    let place: HubPlace;
    let store: HubStore;
    let hub: ReturnType<typeof hubOfSends>;

    beforeAll(async () => {
      place = await start();
    });
    beforeEach(async () => {
      store = await place.open();
      hub = hubOfSends(store);
      for (let index = 0; index < PEOPLE; index++) {
        const token = index.toString(16).padStart(64, '0');
        await hub.devices.put(hub.change(`u${index}`), `phone-${index}`, { user: `u${index}`, platform: 'ios', token });
      }
    });
    afterEach(() => store.close());
    afterAll(() => place?.end());

    const accept = (body: object, keep?: SendOrder['keep']) => {
      const doc = parseNotification({ title: 'Hello', ...body }, { timezone: 'UTC' });
      if (Array.isArray(doc)) throw new Error(JSON.stringify(doc));
      return hub.sends.accept({ app: 'default', doc: doc as never, bodyHash: JSON.stringify(body), keep });
    };
    const rowsOf = async (table: 'notifications' | 'recipients') =>
      Number(
        (
          await store.db
            .selectFrom(table)
            .select((eb) => eb.fn.countAll().as('count'))
            .executeTakeFirstOrThrow()
        ).count,
      );

    test('each with an answer of its own, whoever they are for', async () => {
      const sends = Array.from({ length: PEOPLE }, (_, index) =>
        accept({ to: { users: [`u${index}`, `none${index}`] } }),
      );
      const answers = await Promise.all(sends);
      expect(new Set(answers.map(({ answer }) => answer.id)).size).toBe(PEOPLE);
      for (const [index, { answer, isReplay }] of answers.entries()) {
        expect(isReplay).toBe(false);
        expect(answer.recipients).toMatchObject({
          total: 2,
          queued: 1,
          unknown: 1,
          ids: { unknown: [`none${index}`] },
        });
      }
      await hub.sends.settle();
      expect(hub.carrier.sent).toHaveLength(PEOPLE);
      expect(await rowsOf('recipients')).toBe(PEOPLE);
      expect((await hub.decisions()).filter((decision) => decision.endsWith('push sent'))).toHaveLength(PEOPLE);
    });

    test('of one id once: the others with its body get its answer, and those with another body are refused', async () => {
      const same = { id: 'n1', to: { users: ['u1'] } };
      const results = await Promise.allSettled([
        ...[accept(same), accept(same), accept({ id: 'n1', to: { users: ['u2'] } }), accept(same)],
        accept({ to: { users: ['u1'] } }),
      ]);
      const accepted = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      const replays = accepted.filter(({ answer }) => answer.id === 'n1').map(({ isReplay }) => isReplay);
      // Which of them is the first is decided by the store.
      expect(replays.filter((isReplay) => !isReplay)).toHaveLength(1);
      expect(results.map(({ status }) => status)).toEqual([
        ...['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
      ]);
      expect(await rowsOf('notifications')).toBe(2);
    });

    test('but for one that cannot be kept, which is undone alone', async () => {
      const refuse = async (): Promise<never> => {
        throw new RangeError('not kept');
      };
      const sends = Array.from({ length: 20 }, (_, index) =>
        accept({ to: { users: [`u${index}`] } }, index === 7 ? refuse : undefined),
      );
      const results = await Promise.allSettled(sends);
      expect(results.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual([7]);
      expect(results[7]).toMatchObject({ reason: { message: 'not kept' } });
      expect([await rowsOf('notifications'), await rowsOf('recipients')]).toEqual([19, 19]);
      await hub.sends.settle();
      expect(hub.carrier.sent).toHaveLength(19);
    });

    test('and several to one person count one after another for what limits them', async () => {
      const answers = await Promise.all(
        Array.from({ length: 5 }, () =>
          accept({ to: { users: ['u1'] }, collapse_key: 'k', send_at: '2099-01-01T00:00:00Z' }),
        ),
      );
      expect(answers.map(({ answer }) => answer.recipients.held)).toEqual([1, 1, 1, 1, 1]);
      expect((await hub.decisions()).filter((decision) => decision.includes('push cancelled superseded'))).toHaveLength(
        4,
      );
    });
  });
});
