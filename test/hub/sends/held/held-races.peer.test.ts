import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cancelNotification } from '../../../../src/hub/sends/cancelling.ts';
import { personDue } from '../../../../src/hub/sends/person-due.ts';
import { withWrite } from '../../../../src/hub/storage/noting-failures.ts';
import type { HubStore } from '../../../../src/hub/storage/storage.ts';
import { setDue } from '../../../../src/hub/timers/due-rows.ts';
import { needs } from '../../../support/needs.ts';
import { Clock, change, iosToken, phone } from '../../directory.ts';
import { type HubPlace, hubEngines } from '../../hub-engines.ts';
import { policy as usual } from '../../notifications/decide-cases.ts';
import { hubOfSends } from '../hub-of-sends.ts';

const HOUR = 3_600_000;
/** People of a page, and pages that are done side by side. */
const PAGE = 50;
const AT_ONCE = 2;
const userOf = (index: number): string => `u${String(index).padStart(3, '0')}`;

/** Others write between the moment that the first pages see and what these write. */
function interrupted(store: HubStore) {
  const others = { next: undefined as (() => Promise<unknown>) | undefined, pages: 0 };
  const over = Promise.withResolvers<void>();
  async function meet(): Promise<void> {
    if (++others.pages > AT_ONCE || !others.next) return;
    if (others.pages === AT_ONCE) others.next().then(() => over.resolve(), over.reject);
    await over.promise;
  }
  const write: HubStore['write'] = (work, isolation) =>
    isolation === 'snapshot'
      ? store.write(async (tx) => {
          await tx.selectFrom('meta').select('key').limit(1).execute();
          await meet();
          return work(tx);
        }, isolation)
      : store.write(work, isolation);
  return { others, store: withWrite(store, write) };
}

type Hub = ReturnType<typeof hubOfSends>;

// On an SQLite file nothing comes between.
describe.each(hubEngines.filter(({ name }) => name === 'PostgreSQL'))('pages of held people, on $name', (engine) => {
  describe('see what others write meanwhile', needs(...engine.needs), () => {
    let place: HubPlace;
    let clock: Clock;
    let hub: Hub;
    let other: Hub;
    let others: ReturnType<typeof interrupted>['others'];
    let id: string;

    beforeAll(async () => {
      place = await engine.start();
    });
    beforeEach(async () => {
      clock = new Clock();
      const { store, ...more } = interrupted(await place.open(clock.now));
      others = more.others;
      hub = hubOfSends(store, clock, undefined, { page: PAGE });
      other = hubOfSends((await place.again?.(clock.now)) as HubStore, clock, undefined, { page: PAGE });
    });
    afterEach(async () => {
      for (const each of [hub, other]) {
        await each.sends.close();
        await each.store.close();
      }
    });
    afterAll(() => place?.end());

    /** So many pages of people are due. @returns their tokens */
    async function hold(pages: number): Promise<string[]> {
      const people = Array.from({ length: pages * PAGE }, (_, index) => index);
      const row = (index: number) => hub.devices.readRow('default', `d${index}`, phone(index, { user: userOf(index) }));
      await hub.devices.importRows(change, people.map(row));
      const sendAt = new Date(clock.now() + HOUR).toISOString();
      ({ id } = await hub.send({ to: { everyone: true }, send_at: sendAt }));
      await untilQuiet(hub);
      expect(others.pages).toBe(0);
      clock.pass(HOUR);
      return people.map(iosToken);
    }
    async function untilQuiet(...hubs: Hub[]): Promise<void> {
      for (let turn = 0; turn < 10; turn++) await Promise.all(hubs.map((each) => each.sends.settle()));
    }
    const sentTo = () =>
      [hub, other].flatMap(({ carrier }) => carrier.taken.flatMap(({ notification: { tokens } }) => tokens));
    const withoutThird = (tokens: readonly string[]) => tokens.filter((token) => token !== iosToken(3));
    const sorted = (tokens: readonly string[]) => tokens.toSorted();

    test('each page is a transaction that is not refused for its neighbours', async () => {
      const all = await hold(6);
      await untilQuiet(hub);
      expect(others.pages).toBe(6);
      expect(sorted(sentTo())).toEqual(sorted(all));
      expect(await hub.statusOf(id)).toBe('done');
    });

    test('two instances do them side by side, and each person is sent to once', async () => {
      const all = await hold(8);
      await untilQuiet(hub, other);
      expect(sorted(sentTo())).toEqual(sorted(all));
      for (const { carrier } of [hub, other]) expect(carrier.taken.length).toBeGreaterThan(0);
      expect(await hub.statusOf(id)).toBe('done');
    });

    test('who is erased meanwhile is not sent to, and nothing of theirs comes back', async () => {
      const all = await hold(AT_ONCE);
      for (const each of [hub, other]) each.figures.isErased = true;
      others.next = () => other.people.erase({ ...change, id: userOf(3) });
      await untilQuiet(hub);
      expect(sorted(sentTo())).toEqual(sorted(withoutThird(all)));
      expect((await hub.decisions(id)).filter((each) => each.startsWith('u003 '))).toEqual([]);
      expect(await hub.statusOf(id)).toBe('done');
    });

    test('who has no device and is erased meanwhile does not come back either', async () => {
      await hub.people.put({ ...change, id: 'u003-' }, {});
      const all = await hold(AT_ONCE);
      for (const each of [hub, other]) each.figures.isErased = true;
      others.next = () => other.people.erase({ ...change, id: 'u003-' });
      await untilQuiet(hub);
      expect(sorted(sentTo())).toEqual(sorted(all));
      expect((await hub.decisions(id)).filter((each) => each.startsWith('u003- '))).toEqual([]);
      expect(await hub.statusOf(id)).toBe('done');
    });

    test.each([
      ['signed out', null],
      ['given to someone else', 'else'],
    ])('a device that is %s meanwhile is not sent to', async (_, user) => {
      const all = await hold(AT_ONCE);
      others.next = () => other.devices.put(change, 'd3', phone(3, { user }));
      await untilQuiet(hub);
      expect(sorted(sentTo())).toEqual(sorted(withoutThird(all)));
      expect(await hub.statusOf(id)).toBe('done');
    });

    test('no one is sent to whose notification is cancelled meanwhile', async () => {
      await hold(AT_ONCE);
      others.next = () => cancelNotification({ store: other.store, now: clock.now }, 'default', id);
      await untilQuiet(hub);
      expect(sentTo()).toEqual([]);
      expect(await hub.statusOf(id)).toBe('cancelled');
    });

    test('who is looked at by another instance meanwhile is sent to once', async () => {
      const all = await hold(AT_ONCE);
      others.next = async () => {
        await other.store.write((tx) =>
          setDue(tx, [{ ...personDue('default', id, userOf(3)), at: clock.now(), data: '' }]),
        );
        await other.sends.settle();
      };
      await untilQuiet(hub, other);
      expect(sorted(sentTo())).toEqual(sorted(all));
      expect(await hub.statusOf(id)).toBe('done');
    });

    test('what depends on more than a page locks is decided as one after another: limits', async () => {
      const limited = { ...usual, limits: { channels: { push: [{ max: 1, per_ms: HOUR }] }, types: {} } };
      const counting = hubOfSends(hub.store, clock, limited, { page: PAGE });
      const all = await hold(AT_ONCE);
      await untilQuiet(counting);
      await counting.sends.close();
      expect(others.pages).toBe(AT_ONCE);
      expect(sorted(counting.carrier.taken.flatMap(({ notification: { tokens } }) => tokens))).toEqual(sorted(all));
      expect(await hub.store.db.selectFrom('usage').select('user').execute()).toHaveLength(all.length);
    });
  });
});
