import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ImportFault, importDevices } from '../../../src/hub/devices/import-devices.ts';
import { needs } from '../../support/needs.ts';
import { Clock, change, type Directory, directory, iosToken, phone } from '../directory.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';

describe.each(hubEngines)('an import into $name', ({ needs: lacks, start }) => {
  describe('is as many PUTs', needs(...lacks), () => {
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

    async function take(rows: readonly (object | string)[]) {
      const text = rows.map((row) => `${typeof row === 'string' ? row : JSON.stringify(row)}\n`).join('');
      async function* chunks(): AsyncGenerator<Buffer> {
        for (let at = 0; at < text.length; at += 1000) yield Buffer.from(text.slice(at, at + 1000));
      }
      const importing = importDevices(hub.devices, change, chunks());
      const faults: ImportFault[] = [];
      for (;;) {
        const next = await importing.next();
        if (next.done) return { faults, totals: next.value };
        faults.push(...next.value);
      }
    }
    const state = async () => {
      const rows = await hub.store.db.selectFrom('devices').select('id').orderBy('id').execute();
      const ids = rows.map(({ id }) => id);
      const found = await hub.devices.byIds('default', ids);
      return ids.map((id) => {
        const device = found.get(id);
        const { users, topics, name, status } = device ?? {};
        return { id, users, topics, name, status, token: device?.target() };
      });
    };

    test('new rows, the same id or token again, rows that are there, people with too many', async () => {
      await hub.devices.put(change, 'there', phone(1, { user: 'old', name: 'before' }));
      const rows = [
        ...Array.from({ length: 700 }, (_, at) => ({
          id: `n${at}`,
          ...phone(10 + at, { user: `u${at % 300}`, topics: ['t'] }),
        })),
        { id: 'there', ...phone(2, { user: 'new' }) },
        { id: 'n1', ...phone(11, { user: 'other' }) },
        { id: 'late', ...phone(12, { user: 'late' }) },
        ...Array.from({ length: 105 }, (_, at) => ({ id: `many${at}`, ...phone(5000 + at, { user: 'rich' }) })),
        { id: 'two', ...phone(6000, { users: ['a', 'b'] }) },
        { id: 'out', ...phone(6001) },
      ];
      const { faults, totals } = await take(rows);
      expect(faults).toEqual([]);
      expect(totals).toEqual({ imported: rows.length, moved: 2, rotated: 1, failed: 0 });
      const imported = await state();
      const asked = await hub.devices.ofUsers('default', ['rich', 'u1', 'other', 'late', 'a', 'b', 'old']);
      expect(Object.fromEntries([...asked].map(([user, own]) => [user, own.length]))).toEqual({
        ...{ rich: 100, u1: 2, other: 1, late: 1, a: 1, b: 1 },
      });
      await hub.store.close();
      hub = directory(await place.open(hub.clock.now), hub.clock);
      await hub.devices.put(change, 'there', phone(1, { user: 'old', name: 'before' }));
      for (const { id, ...body } of rows) await hub.devices.put(change, id, body);
      expect(imported).toEqual(await state());
    });

    test('a later row of a device counts, also where it is in another piece', async () => {
      const rows = Array.from({ length: 600 }, (_, at) => ({
        id: `d${at % 500}`,
        ...phone(at % 500, { name: `${at}` }),
      }));
      expect((await take(rows)).totals).toEqual({ imported: 600, moved: 0, rotated: 0, failed: 0 });
      const names = (await state()).map(({ name }) => Number(name)).toSorted((a, b) => a - b);
      expect(names).toEqual(Array.from({ length: 500 }, (_, at) => 100 + at));
    });

    test('a bad row is told with its line, the good ones are taken', async () => {
      const { faults, totals } = await take([
        { id: 'a', ...phone(1, { user: 'u' }) },
        '',
        '{"id": "canary',
        { id: 'b', platform: 'ios', token: 'canary' },
        phone(2),
        { id: '..', ...phone(3) },
        [],
        `{"id": "c", "name": "${'x'.repeat(70_000)}"}`,
        { id: 'd', platform: 'ios' },
        { id: 'e', ...phone(4, { nmae: 'x' }) },
      ] as object[]);
      expect(totals).toEqual({ imported: 1, moved: 0, rotated: 0, failed: 8 });
      expect(faults.map(({ line, id, code, details }) => [line, id, code, details?.[0]?.path])).toEqual([
        [3, undefined, 400, undefined],
        [4, 'b', 422, 'token'],
        [5, undefined, 422, 'id'],
        [6, undefined, 422, 'id'],
        [7, undefined, 422, ''],
        [8, undefined, 413, undefined],
        [9, 'd', 422, 'token'],
        [10, 'e', 422, 'nmae'],
      ]);
      expect(JSON.stringify(faults)).not.toContain('canary');
    });

    test('an export has everything but the tokens, and with them it is an import', async () => {
      await hub.devices.put(change, 'a', phone(1, { user: 'ada', name: 'x', topics: ['t'] }));
      await hub.devices.put(change, 'b', phone(2, { users: ['ada', 'bob'] }));
      const read = async (withTokens: boolean): Promise<object[]> => {
        const rows: object[] = [];
        for await (const piece of hub.devices.all('default', withTokens)) rows.push(...piece);
        return rows;
      };
      expect(JSON.stringify(await read(false))).not.toContain(iosToken(1));
      expect(await read(false)).toMatchObject([
        { id: 'a', token_mask: expect.any(String) },
        { id: 'b', users: ['ada', 'bob'] },
      ]);
      const exported = await read(true);
      const before = await state();
      for (const id of ['a', 'b']) await hub.devices.delete(change, id);
      expect((await take(exported)).totals).toMatchObject({ imported: 2, failed: 0 });
      expect(await state()).toEqual(before);
    });
  });
});
