import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SANDBOX_KEYS } from '../../../src/webpush/sandbox/browser-keys.ts';
import { needs } from '../../support/needs.ts';
import { Clock, change, DAY, type Directory, directory, iosToken, phone } from '../directory.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';

const sub = (name: string, keys: object = SANDBOX_KEYS) => ({ endpoint: `https://push.example.com/${name}`, keys });

describe.each(hubEngines)('devices in $name', ({ needs: lacks, start }) => {
  describe('belong to people', needs(...lacks), () => {
    let place: HubPlace;
    let hub: Directory;

    beforeAll(async () => {
      place = await start();
    });
    beforeEach(async () => {
      const clock = new Clock();
      hub = directory(await place.open(clock.now), clock, {
        sections: { ntfy: { endpoint: 'https://ntfy.example.com' } },
      });
    });
    afterEach(() => hub.store.close());
    afterAll(() => place?.end());

    const put = (id: string, body: object, more: object = {}) => hub.devices.put({ ...change, ...more }, id, body);
    const idsOf = async (user: string): Promise<string[]> =>
      ((await hub.devices.ofUsers('default', [user])).get(user) ?? []).map(({ id }) => id);
    const rows = async (): Promise<number> => (await hub.store.db.selectFrom('devices').select('id').execute()).length;

    test('a PUT makes device and person; the token is shown masked and opened for a send', async () => {
      const { created, moved, rotated, removed, view } = await put(
        'd1',
        phone(1, { user: 'ada', name: 'Ada’s phone' }),
      );
      expect({ created, moved, rotated, removed }).toEqual({
        created: true,
        moved: false,
        rotated: false,
        removed: [],
      });
      expect(view).toMatchObject({
        ...{ id: 'd1', user: 'ada', platform: 'ios', kind: 'alert', environment: 'production', status: 'active' },
        ...{ enabled: true, name: 'Ada’s phone', topics: [], capabilities: {}, settings: {} },
        ...{ registered_at: '2026-11-01T00:00:00.000Z', token_mask: `***${iosToken(1).slice(-4)}` },
        fingerprint: expect.stringMatching(/^[\w-]{16}$/),
      });
      expect(JSON.stringify(view)).not.toContain(iosToken(1));
      expect(await hub.people.get('default', 'ada')).toMatchObject({ id: 'ada', rev: 1 });
      const device = (await hub.devices.ofUsers('default', ['ada', 'bob'])).get('ada')?.[0];
      expect(device?.target()).toBe(iosToken(1));
    });

    test('the same PUT again changes nothing but when the device was last heard of', async () => {
      const first = await put('d1', phone(1, { user: 'ada' }));
      hub.clock.pass(1000);
      const again = await put('d1', phone(1, { user: 'ada' }));
      expect(again).toMatchObject({ created: false, moved: false, rotated: false });
      expect(again.device).toMatchObject({ rev: 1, token_rev: first.device.token_rev + 1 });
      expect(again.view.last_seen_at).toBe('2026-11-01T00:00:01.000Z');
      expect(again.view.registered_at).toBe('2026-11-01T00:00:00.000Z');
      const audited = await hub.store.db.selectFrom('audit').select('action').execute();
      expect(audited.map(({ action }) => action)).toEqual(['device.created']);
    });

    test('a token that another person has goes to the new one, also from another row, and the audit tells it', async () => {
      await put('d1', phone(1, { user: 'ada' }));
      expect(await put('d1', phone(1, { user: 'bob' }))).toMatchObject({ created: false, moved: true });
      expect([await idsOf('ada'), await idsOf('bob')]).toEqual([[], ['d1']]);
      const other = await put('d2', phone(1, { user: 'cyd' }));
      expect(other).toMatchObject({ created: true, moved: true });
      expect([await idsOf('bob'), await idsOf('cyd'), await rows()]).toEqual([[], ['d2'], 1]);
      expect(await hub.devices.view('default', 'd1')).toBeUndefined();
      const audited = await hub.store.db.selectFrom('audit').select(['action', 'by', 'detail']).execute();
      expect(audited.filter(({ action }) => action === 'device.moved')).toHaveLength(2);
      expect(JSON.stringify(audited)).not.toMatch(/\bada\b/);
    });

    test('the same id with a new token has the new one alone', async () => {
      await put('d1', phone(1, { user: 'ada' }));
      expect(await put('d1', phone(2, { user: 'ada' }))).toMatchObject({ rotated: true, moved: false, created: false });
      expect((await hub.devices.ofUsers('default', ['ada'])).get('ada')?.map((each) => each.target())).toEqual([
        iosToken(2),
      ]);
      expect(await put('d2', phone(1, { user: 'bob' }))).toMatchObject({ created: true, moved: false });
    });

    test('alert and voip tokens, environments and apps are kept apart', async () => {
      await put('d1', phone(1, { user: 'ada' }));
      await put('d2', phone(1, { user: 'bob', kind: 'voip' }));
      await put('d3', phone(1, { user: 'cyd', environment: 'sandbox' }));
      await put('d1', phone(1, { user: 'dan' }), { app: 'other' });
      expect(await rows()).toBe(4);
      expect(await idsOf('ada')).toEqual(['d1']);
      expect((await hub.devices.get('default', 'd3'))?.environment).toBe('development');
    });

    test('POST makes an id of the token, and finds the row that has it', async () => {
      const { device, created } = await hub.devices.post(change, phone(7, { user: 'ada' }));
      expect(created).toBe(true);
      expect(device.id).toMatch(/^[\w-]{22}$/);
      const again = await hub.devices.post(change, phone(7, { user: 'bob' }));
      expect([again.device.id, again.created, again.moved]).toEqual([device.id, false, true]);
      await put('own', phone(8, { user: 'ada' }));
      expect((await hub.devices.post(change, phone(8, { user: 'ada' }))).device.id).toBe('own');
      await hub.devices.patch(change, device.id, { token: iosToken(9) });
      const third = await hub.devices.post(change, phone(7, { user: 'ada' }));
      expect([third.created, third.device.id === device.id]).toEqual([true, false]);
    });

    test('50 registrations at once make one row, and all succeed', async () => {
      const all = await Promise.all(Array.from({ length: 50 }, () => put('d1', phone(1, { user: 'ada' }))));
      expect(all.filter(({ created }) => created)).toHaveLength(1);
      const posted = await Promise.all(
        Array.from({ length: 50 }, (_, at) => hub.devices.post(change, phone(2, { user: `user ${at % 5}` }))),
      );
      expect(new Set(posted.map(({ device }) => device.id)).size).toBe(1);
      expect(await rows()).toBe(2);
      const owners = await hub.store.db.selectFrom('device_users').selectAll().execute();
      expect(owners).toHaveLength(2);
    });

    test('signed out, a device keeps row and token, and belongs to no one', async () => {
      await put('d1', phone(1, { user: 'ada' }));
      const out = await put('d1', phone(1, { user: null }));
      expect(out).toMatchObject({ moved: false, view: { user: null, status: 'signed_out' } });
      expect(await idsOf('ada')).toEqual([]);
      expect(await put('d1', { platform: 'ios', user: 'bob' })).toMatchObject({
        moved: false,
        view: { status: 'active' },
      });
      expect((await hub.devices.ofUsers('default', ['bob'])).get('bob')?.[0]?.target()).toBe(iosToken(1));
      expect((await put('d1', phone(1))).view.status).toBe('signed_out');
    });

    test('several people share a device when they are named together; one alone takes it over', async () => {
      const { view } = await put('d1', phone(1, { users: ['bob', 'ada'] }));
      expect(view).toMatchObject({ users: ['bob', 'ada'] });
      expect([await idsOf('ada'), await idsOf('bob')]).toEqual([['d1'], ['d1']]);
      expect((await put('d1', phone(1, { user: 'ada' }))).moved).toBe(false);
      expect([await idsOf('ada'), await idsOf('bob')]).toEqual([['d1'], []]);
      await expect(
        put('d1', phone(1, { users: Array.from({ length: 9 }, (_, at) => `u${at}`) })),
      ).rejects.toMatchObject({
        details: [{ path: 'users' }],
      });
      await expect(put('d1', phone(1, { user: 'ada', users: ['ada'] }))).rejects.toMatchObject({
        kind: 'unprocessable',
      });
    });

    test('PATCH changes what it names; owners and token stay', async () => {
      await put('d1', phone(1, { users: ['ada', 'bob'], name: 'old', topics: ['a'] }));
      const { view } = await hub.devices.patch(change, 'd1', {
        name: null,
        model: 'X',
        enabled: false,
        topics: ['b', 'a'],
      });
      expect(view).toMatchObject({ users: ['ada', 'bob'], model: 'X', enabled: false, topics: ['a', 'b'] });
      expect(view).not.toHaveProperty('name');
      expect((await hub.devices.patch(change, 'd1', { user: null })).view.status).toBe('signed_out');
      expect((await hub.devices.patch(change, 'd1', { user: 'cyd' })).view.user).toBe('cyd');
      expect((await hub.devices.patch(change, 'd1', { token: iosToken(5) })).rotated).toBe(true);
      await expect(hub.devices.patch(change, 'd1', { platform: 'android' })).rejects.toMatchObject({
        details: [{ path: 'platform' }],
      });
      await expect(hub.devices.patch(change, 'none', {})).rejects.toMatchObject({ kind: 'not_found' });
    });

    test('what is expected of the version is asked in the same transaction', async () => {
      await put('d1', phone(1, { user: 'ada' }));
      const expectRev = (wanted: number | undefined) => (rev: number | undefined) => {
        if (rev !== wanted) throw new RangeError(`is ${rev}`);
      };
      await expect(put('d1', phone(2), { expect: expectRev(7) })).rejects.toThrow('is 1');
      await expect(put('d2', phone(2), { expect: expectRev(1) })).rejects.toThrow('is undefined');
      await hub.devices.patch({ ...change, expect: expectRev(1) }, 'd1', { name: 'x' });
      expect(await hub.devices.delete({ ...change, expect: expectRev(2) }, 'd1')).toBe(true);
      expect(await hub.devices.delete(change, 'd1')).toBe(false);
      expect(await rows()).toBe(0);
    });

    test('the token of a person reaches that person’s devices, and takes a phone over that it has the token of', async () => {
      const asAda = { person: 'ada', by: 'user:ada' };
      await put('d1', phone(1), asAda);
      expect(await idsOf('ada')).toEqual(['d1']);
      await expect(put('d2', phone(2, { user: 'bob' }), asAda)).rejects.toMatchObject({ kind: 'forbidden' });
      await put('d3', phone(3, { user: 'bob' }));
      await expect(put('d3', { platform: 'ios', name: 'x' }, asAda)).rejects.toMatchObject({ kind: 'not_found' });
      await expect(hub.devices.patch({ ...change, ...asAda }, 'd3', {})).rejects.toMatchObject({ kind: 'not_found' });
      await expect(hub.devices.delete({ ...change, ...asAda }, 'd3')).rejects.toMatchObject({ kind: 'not_found' });
      expect(await hub.devices.view('default', 'd3', 'ada')).toBeUndefined();
      expect(await put('d3', phone(3), asAda)).toMatchObject({ moved: true, view: { user: 'ada' } });
      expect((await put('d3', phone(3, { user: null }), asAda)).view.status).toBe('signed_out');
      await put('d4', phone(4, { users: ['ada', 'bob'] }));
      expect((await hub.devices.patch({ ...change, ...asAda }, 'd4', { name: 'ours' })).view.users).toEqual([
        'ada',
        'bob',
      ]);
      expect((await hub.devices.patch({ ...change, ...asAda }, 'd4', { user: null })).view.user).toBe('bob');
    });

    test('a topic of ntfy that can be guessed is not taken from another person', async () => {
      await put('d1', { platform: 'ntfy', token: 'alarms', user: 'ada' });
      await expect(put('d2', { platform: 'ntfy', token: 'alarms' }, { person: 'bob' })).rejects.toMatchObject({
        kind: 'conflict',
      });
      await put('d3', { platform: 'ntfy', token: 'https://ntfy.example.com/alarms', user: 'bob' });
      expect([await idsOf('ada'), await idsOf('bob')]).toEqual([[], ['d3']]);
    });

    test('a browser is known by its endpoint: other keys are the same device', async () => {
      await put('w', { platform: 'web', subscription: sub('x'), user: 'ada' });
      const keys = { ...SANDBOX_KEYS, auth: Buffer.alloc(16, 1).toString('base64url') };
      const other = await hub.devices.post(change, { platform: 'web', subscription: sub('x', keys), user: 'ada' });
      expect([other.device.id, other.created, other.moved]).toEqual(['w', false, false]);
      const device = (await hub.devices.byIds('default', ['w'])).get('w');
      expect(JSON.parse(device?.target() as string)).toEqual(sub('x', keys));
      expect(other.view.token_mask).toBe('https://push.example.com/***');
      const text = JSON.stringify({ expirationTime: null, ...sub('x') });
      expect((await hub.devices.post(change, { platform: 'web', token: text, user: 'ada' })).device.id).toBe('w');
    });

    test('a new device of the same person and installation takes the place of the old one', async () => {
      await put('d1', phone(1, { user: 'ada', installation_hint: 'i' }));
      await put('d2', phone(2, { user: 'ada', installation_hint: 'i', kind: 'voip' }));
      await put('d3', phone(3, { user: 'bob', installation_hint: 'i' }));
      expect(await put('d4', phone(4, { user: 'ada', installation_hint: 'i' }))).toMatchObject({ removed: ['d1'] });
      expect([await idsOf('ada'), await idsOf('bob')]).toEqual([['d2', 'd4'], ['d3']]);
    });

    test('of more than 100 devices of a person the one unseen longest goes', async () => {
      for (let at = 0; at < 100; at++) {
        hub.clock.pass(1);
        await put(`d${at}`, phone(at + 1, { user: 'ada' }));
      }
      await put('d0', phone(1, { user: 'ada' }));
      hub.clock.pass(1);
      expect(await put('new', phone(1000, { user: 'ada' }))).toMatchObject({ removed: ['d1'] });
      expect(await idsOf('ada')).toHaveLength(100);
      expect(await hub.devices.view('default', 'd1')).toBeUndefined();
    });

    test('a list is paged by id', async () => {
      for (const id of ['c', 'a', 'b']) await put(id, phone(id.charCodeAt(0), { user: 'ada' }));
      const first = await hub.devices.list('default', 'ada', { limit: 2 });
      expect(first.map(({ id }) => id)).toEqual(['a', 'b']);
      expect((await hub.devices.list('default', 'ada', { limit: 2, after: 'b' })).map(({ id }) => id)).toEqual(['c']);
    });

    test('a device that was not heard of for 270 days is stale until it is', async () => {
      await put('d1', phone(1, { user: 'ada' }));
      hub.clock.pass(270 * DAY + 1);
      expect((await hub.devices.get('default', 'd1'))?.status).toBe('stale');
      await hub.devices.patch(change, 'd1', { name: 'x' });
      expect((await hub.devices.get('default', 'd1'))?.status).toBe('stale');
      await hub.devices.seen('default', 'd1');
      expect((await hub.devices.get('default', 'd1'))?.status).toBe('active');
    });

    test('what is wrong with a body is said by field, and never with the token', async () => {
      const bad: [object, string][] = [
        [{ platform: 'ios', token: 'canary-no-hex' }, 'token'],
        [{ platform: 'ios' }, 'token'],
        [{ token: iosToken(1) }, 'platform'],
        [{ platform: 'email', token: 'canary@example.com' }, 'platform'],
        [{ platform: 'android', token: 'canary with blanks' }, 'token'],
        [{ platform: 'huawei', token: 'canary\u0007' }, 'token'],
        [{ platform: 'expo', token: 'canary' }, 'token'],
        [{ platform: 'ntfy', token: 'v1/account/token' }, 'token'],
        [{ platform: 'web', token: 'canary' }, 'token'],
        [{ platform: 'web', subscription: { endpoint: 'canary', keys: SANDBOX_KEYS } }, 'subscription.endpoint'],
        [{ platform: 'web', subscription: sub('x', { ...SANDBOX_KEYS, auth: 'AA' }) }, 'subscription.keys.auth'],
        [{ platform: 'ios', subscription: sub('x') }, 'subscription'],
        [phone(1, { kind: 'wake' }), 'kind'],
        [{ platform: 'android', token: 'x', environment: 'development' }, 'environment'],
        [phone(1, { user: '..' }), 'user'],
        [phone(1, { timezone: 'Mars/Base' }), 'timezone'],
        [phone(1, { settings: { devices: {} } }), 'settings.devices'],
        [phone(1, { nmae: 'x' }), 'nmae'],
      ];
      for (const [body, path] of bad)
        await expect(put('d1', body), JSON.stringify(body)).rejects.toMatchObject({
          kind: 'unprocessable',
          details: [{ path, reason: expect.not.stringContaining('canary') }],
        });
      await expect(put('d1', phone(1, { nmae: 'x' }))).rejects.toMatchObject({
        details: [{ reason: 'unknown field; did you mean "name"?' }],
      });
      expect(await rows()).toBe(0);
    });

    test('a document that was read can be sent back', async () => {
      const { view } = await put('d1', phone(1, { user: 'ada', timezone: 'europe/berlin', locale: 'pt_BR' }));
      expect(view).toMatchObject({ timezone: 'Europe/Berlin', locale: 'pt-BR' });
      const again = await put('d1', view);
      expect(again.device.rev).toBe(1);
      expect((await hub.devices.ofUsers('default', ['ada'])).get('ada')?.[0]?.target()).toBe(iosToken(1));
    });
  });
});
