import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { devicePart } from '../../../src/hub/devices/device-part.ts';
import { targetsOf } from '../../../src/hub/people/erase-person.ts';
import { needs } from '../../support/needs.ts';
import { Clock, change, DAY, type Directory, directory, iosToken, phone } from '../directory.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';

describe.each(hubEngines)('tokens that a person had, in $name,', ({ needs: lacks, start }) => {
  describe('are taken back with the person', needs(...lacks), () => {
    let place: HubPlace;
    let hub: Directory;

    beforeAll(async () => {
      place = await start();
    });
    beforeEach(async () => {
      const clock = new Clock();
      hub = directory(await place.open(clock.now), clock);
    });
    afterEach(() => hub.store.close());
    afterAll(() => place?.end());

    const put = (id: string, token: number, more: object = {}) =>
      hub.devices.put(change, id, phone(token, { user: 'ada', ...more }));
    const imported = (id: string, token: number, more: object = {}) =>
      hub.devices.importRows(change, [
        hub.devices.readRow('default', id, { id, ...phone(token, { user: 'ada', ...more }) }),
      ]);
    /** What an erasure of Ada would take back. */
    const targets = async () => {
      const asked = { seal: hub.store.seal, app: 'default', user: 'ada', parts: [devicePart(hub.devices)] };
      const { own, shared } = await hub.store.write((tx) => targetsOf(tx, asked));
      return { own: [...new Set(own)].toSorted(), shared: [...new Set(shared)].toSorted() };
    };
    const left = () => hub.store.db.selectFrom('former_targets').select(['user', 'at']).execute();

    test('and addresses that the person had, but for those that someone else has now', async () => {
      const write = (id: string, doc: object) => hub.people.put({ ...change, id }, doc);
      await write('ada', { email: 'Ada@old.example', phone: '+4930111', slack: 'U0OLD' });
      await write('ada', { email: 'ada@new.example', phone: '+4930111' });
      await write('bob', { slack: 'U0OLD' });
      expect(await targets()).toEqual({ own: ['+4930111', 'Ada@old.example', 'ada@new.example'], shared: ['U0OLD'] });
      await hub.people.erase({ ...change, id: 'ada' });
      expect(await left()).toEqual([]);
    });

    test('of a device whose token an import replaced', async () => {
      await put('d1', 1);
      await imported('d1', 2);
      expect(await targets()).toEqual({ own: [iosToken(1), iosToken(2)], shared: [] });
    });

    test('of a device whose token came by an import to another row', async () => {
      await put('d1', 1);
      await imported('d2', 1, { user: 'bob' });
      expect(await targets()).toEqual({ own: [], shared: [iosToken(1)] });
      // Bob has gone as well: no one has it.
      await hub.people.erase({ ...change, id: 'bob' });
      expect(await targets()).toEqual({ own: [iosToken(1)], shared: [] });
    });

    test('of a device that made way for the hundredth after it', async () => {
      for (let at = 1; at <= 101; at++) {
        hub.clock.pass(1);
        await put(`d${at}`, at);
      }
      expect((await targets()).own).toHaveLength(101);
      expect((await targets()).own).toContain(iosToken(1));
    });

    test('of a device that made way for one of the same installation, that got another token, and that was deleted', async () => {
      await put('d1', 1, { installation_hint: 'here' });
      await put('d2', 2, { installation_hint: 'here' });
      await put('d2', 3, { installation_hint: 'here' });
      await hub.devices.delete(change, 'd2');
      expect(await targets()).toEqual({ own: [iosToken(1), iosToken(2), iosToken(3)], shared: [] });
    });

    test('and forgotten with the person, and with time', async () => {
      await put('d1', 1);
      await put('d1', 2);
      expect(await left()).toHaveLength(1);
      await hub.people.erase({ ...change, id: 'ada' });
      expect(await left()).toEqual([]);
      await put('d1', 1);
      await put('d1', 2);
      hub.clock.pass(30 * DAY);
      await hub.removals.sweep(30 * DAY);
      expect(await left()).toHaveLength(1);
      hub.clock.pass(1);
      await hub.removals.sweep(30 * DAY);
      expect(await left()).toEqual([]);
    });
  });
});
