import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { DeviceVerdict } from '../../../src/hub/devices/device.ts';
import { needs } from '../../support/needs.ts';
import { Clock, change, DAY, type Directory, directory, phone } from '../directory.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';

const MINUTE = 60_000;

type Verdict = Omit<DeviceVerdict, 'tokenRev'> & Partial<Pick<DeviceVerdict, 'tokenRev'>>;

describe.each(hubEngines)('dead tokens in $name', ({ needs: lacks, start }) => {
  describe('are taken for dead', needs(...lacks), () => {
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

    const put = (at: number, more: object = {}) =>
      hub.devices.put(change, `d${at}`, phone(at, { user: `u${at}`, ...more }));
    const many = (count: number, from = 1) => Promise.all(Array.from({ length: count }, (_, at) => put(from + at)));
    const verdict = (at: number, more: Partial<DeviceVerdict> = {}): Verdict => ({
      ...{ app: 'default', device: `d${at}`, verdict: 'dead', reason: 'Unregistered', at: hub.clock.ms },
      ...more,
    });
    /** Of those that do not say of which token they are: of the one that is there now. */
    const apply = async (...verdicts: Verdict[]) => {
      const all: DeviceVerdict[] = [];
      for (const each of verdicts) all.push({ tokenRev: await revOf(each), ...each });
      return hub.devices.applyVerdicts(all);
    };
    const revOf = async ({ app, device }: Pick<DeviceVerdict, 'app' | 'device'>): Promise<number> =>
      (await hub.devices.get(app, device))?.token_rev ?? 0;
    const kill = (count: number, from = 1) => apply(...Array.from({ length: count }, (_, at) => verdict(from + at)));
    const statuses = async (): Promise<Record<string, number>> => {
      const rows = await hub.store.db.selectFrom('devices').select('status').execute();
      return Object.fromEntries(
        [...Map.groupBy(rows, ({ status }) => status)].map(([name, all]) => [name, all.length]),
      );
    };

    test('with the provider’s word and the time; the row is kept for 30 days and revived by the next PUT', async () => {
      await many(2);
      expect(await kill(2)).toEqual(['d1', 'd2']);
      expect(await kill(2)).toEqual([]);
      expect((await hub.devices.view('default', 'd1'))?.body).toMatchObject({
        ...{ status: 'invalid', reason: 'Unregistered', at: '2026-11-01T00:00:00.000Z', user: 'u1' },
      });
      hub.clock.pass(10 * DAY);
      expect(await put(1)).toMatchObject({
        created: false,
        view: { status: 'active', at: '2026-11-11T00:00:00.000Z' },
      });
      hub.clock.pass(20 * DAY + 1);
      expect(await hub.removals.sweep(30 * DAY)).toBe(1);
      expect(await statuses()).toEqual({ active: 1 });
      expect(await hub.store.db.selectFrom('device_users').select('device').execute()).toEqual([{ device: 'd1' }]);
    });

    test('a dead one stays dead when its person signs out and in', async () => {
      await put(1);
      await kill(1);
      expect((await hub.devices.patch(change, 'd1', { user: null })).view.status).toBe('invalid');
      expect((await hub.devices.patch(change, 'd1', { user: 'bob' })).view.status).toBe('invalid');
    });

    test('only when the verdict is about the token that is there now', async () => {
      await put(1);
      const sentWith = await revOf(verdict(1));
      hub.clock.pass(1000);
      await put(1);
      expect(await apply(verdict(1, { tokenRev: sentWith }))).toEqual([]);
      expect(await apply(verdict(1, { deadSince: hub.clock.ms - 1 }))).toEqual([]);
      expect(await apply(verdict(1, { deadSince: hub.clock.ms }))).toEqual([]);
      expect(await apply(verdict(1, { deadSince: hub.clock.ms + 1 }))).toEqual(['d1']);
      const before = await revOf(verdict(1));
      await hub.devices.put(change, 'd1', phone(2, { user: 'u1' }));
      expect(await apply(verdict(1, { tokenRev: before }))).toEqual([]);
      expect(await apply(verdict(1))).toEqual(['d1']);
    });

    test('not one about another token of the device, whenever its provider says that that one died', async () => {
      await put(1);
      const former = await revOf(verdict(1));
      await hub.devices.put(change, 'd1', phone(2, { user: 'u1' }));
      const about = [{ tokenRev: former }, { tokenRev: former, deadSince: hub.clock.ms + 1 }];
      for (const each of about) expect(await apply(verdict(1, each))).toEqual([]);
      expect(await statuses()).toEqual({ active: 1 });
    });

    test.each([
      ['another token', 2],
      ['the same token', 1],
    ])('not one from before the device was deleted and registered again with %s', async (_, token) => {
      await put(1);
      const former = await revOf(verdict(1));
      await hub.devices.delete(change, 'd1');
      await hub.devices.put(change, 'd1', phone(token, { user: 'u1' }));
      const about = [{ tokenRev: former }, { tokenRev: former, deadSince: hub.clock.ms + 1 }];
      for (const each of about) expect(await apply(verdict(1, each))).toEqual([]);
      expect(await apply(verdict(1, { verdict: 'key_mismatch', tokenRev: former }))).toEqual([]);
      expect(await statuses()).toEqual({ active: 1 });
      expect(await apply(verdict(1))).toEqual(['d1']);
    });

    test('in rows that a former version has made, too', async () => {
      await put(1);
      await hub.store.write((tx) => tx.updateTable('devices').set({ token_rev: 1 }).execute());
      await put(1);
      expect(await revOf(verdict(1))).toBe(2);
      expect(await apply(verdict(1, { tokenRev: 1 }))).toEqual([]);
      expect(await apply(verdict(1, { tokenRev: 1, deadSince: hub.clock.ms + 1 }))).toEqual(['d1']);
      await hub.devices.put(change, 'd1', phone(2, { user: 'u1' }));
      expect(await apply(verdict(1, { tokenRev: 2, deadSince: hub.clock.ms + 1 }))).toEqual([]);
    });

    test('not when the token went to another row meanwhile, even to one with a new device of that id', async () => {
      await put(1);
      const tokenRev = await revOf(verdict(1));
      await hub.devices.put(change, 'other', phone(1, { user: 'bob' }));
      expect(await apply(verdict(1, { tokenRev }))).toEqual([]);
      await hub.devices.put(change, 'd1', phone(2, { user: 'ada' }));
      expect(await apply(verdict(1, { tokenRev }))).toEqual([]);
      expect(await statuses()).toEqual({ active: 2 });
    });

    test('a key mismatch is no death: its own status, ended by a new subscription', async () => {
      await put(1);
      expect(await apply(verdict(1, { verdict: 'key_mismatch', reason: 'VapidPkHashMismatch' }))).toEqual([]);
      expect((await hub.devices.get('default', 'd1'))?.status).toBe('key_mismatch');
      expect((await put(1)).device).toMatchObject({ status: 'active' });
    });

    test('50 of 300 within ten minutes are removed, for it is no fifth', async () => {
      await many(300);
      expect(await kill(50)).toHaveLength(50);
      expect(hub.removals.paused()).toEqual([]);
    });

    test('a fifth within ten minutes is doubted: all stay active, those from before are active again', async () => {
      await many(100);
      expect(await kill(45)).toHaveLength(45);
      hub.clock.pass(9 * MINUTE);
      expect(await kill(15, 46)).toEqual([]);
      expect(await statuses()).toEqual({ active: 100 });
      expect(hub.removals.paused()).toEqual(['default']);
      expect(hub.said).toEqual([expect.stringContaining('60 of 100 devices of app default')]);
      const { body } = (await hub.devices.view('default', 'd1')) ?? {};
      expect(body).toMatchObject({
        status: 'active',
        suspect: { reason: 'Unregistered', at: '2026-11-01T00:00:00.000Z' },
      });
      expect(await kill(1, 70)).toEqual([]);
      hub.clock.pass(10 * MINUTE);
      expect(hub.removals.paused()).toEqual([]);
      expect(await kill(1, 70)).toEqual(['d70']);
      await hub.removals.refresh();
      await hub.removals.refresh();
      expect(hub.said.slice(1)).toEqual(['hub: dead devices of app default are removed again']);
    });

    test('49 are removed whatever share they are', async () => {
      await many(49);
      expect(await kill(49)).toHaveLength(49);
      expect(await statuses()).toEqual({ invalid: 49 });
    });

    test('other apps are not paused with it, and another instance knows of the pause', async () => {
      await many(60);
      await hub.devices.put({ ...change, app: 'other' }, 'd1', phone(1, { user: 'u' }));
      await kill(60);
      expect(await apply(verdict(1, { app: 'other' }))).toEqual(['d1']);
      const second = place.again ? await place.again(hub.clock.now) : undefined;
      const instance = directory(second ?? hub.store, hub.clock);
      const { tokenRev = await revOf(verdict(1)), ...more } = verdict(1);
      expect(await instance.devices.applyVerdicts([{ tokenRev, ...more }])).toEqual([]);
      await instance.removals.refresh();
      expect(instance.removals.paused()).toEqual(['default']);
      expect(await instance.removals.pauseOf('default')).toEqual({ until: hub.clock.ms + 10 * MINUTE });
      expect(await instance.removals.pauseOf('other')).toBeUndefined();
      await second?.close();
    });

    test('an accepted push takes a suspicion away', async () => {
      await many(60);
      await kill(60);
      await apply(verdict(1, { verdict: 'taken' }));
      expect((await hub.devices.get('default', 'd1'))?.suspect).toBeUndefined();
      expect((await hub.devices.get('default', 'd2'))?.suspect).toBeDefined();
    });

    test('an operator who knows better lets the suspected ones die, and what follows', async () => {
      await many(70);
      await kill(60);
      expect(await hub.removals.resume('default', 'key:ops')).toBe(60);
      expect(await statuses()).toEqual({ active: 10, invalid: 60 });
      expect(hub.removals.paused()).toEqual([]);
      expect(await kill(5, 61)).toHaveLength(5);
      const audited = await hub.store.db
        .selectFrom('audit')
        .select(['action', 'by'])
        .where('by', '=', 'key:ops')
        .execute();
      expect(audited).toEqual([{ action: 'devices.removals_resumed', by: 'key:ops' }]);
    });
  });
});
