import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { needs } from '../../support/needs.ts';
import { Clock, change, type Directory, directory, phone } from '../directory.ts';
import { exportOf } from '../export-of.ts';
import { type HubPlace, hubEngines } from '../hub-engines.ts';

const ADA = {
  ...{ name: 'Ada Lovelace', email: 'Ada@Example.com', phone: '+49 151 12345678', slack: 'U024BE7LH' },
  ...{
    locale: 'de',
    timezone: 'Europe/Berlin',
    roles: ['oncall', 'admin'],
    teams: ['red'],
    data: { plan: 'pro', nested: { a: [1] } },
  },
  consent: { email: true, sms: { granted: false, at: '2026-10-01T00:00:00Z', source: 'form' } },
};

describe.each(hubEngines)('people in $name', ({ needs: lacks, start }) => {
  describe('are kept', needs(...lacks), () => {
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

    const put = (id: string, body: object, more: object = {}) => hub.people.put({ ...change, id, ...more }, body);
    const patch = (id: string, body: object, more: object = {}) => hub.people.patch({ ...change, id, ...more }, body);
    const view = async (id: string) => {
      const person = await hub.people.get('default', id);
      if (!person) return undefined;
      return (await hub.people.views('default', [person]))[0];
    };

    test('a PUT makes a person, and is the whole of what is known', async () => {
      expect(await put('ada', ADA)).toMatchObject({ created: true, changed: true });
      expect(await view('ada')).toEqual({
        opt_outs: [],
        ...{ id: 'ada', name: 'Ada Lovelace', email: 'Ada@Example.com', phone: '+4915112345678', slack: 'U024BE7LH' },
        ...{ locale: 'de', timezone: 'Europe/Berlin', roles: ['admin', 'oncall'], teams: ['red'], data: ADA.data },
        consent: {
          email: { granted: true, at: '2026-11-01T00:00:00.000Z', source: 'api' },
          sms: { granted: false, at: '2026-10-01T00:00:00.000Z', source: 'form' },
        },
        addresses: { email: { status: 'active' }, sms: { status: 'active' }, slack: { status: 'active' } },
        ...{ created_at: '2026-11-01T00:00:00.000Z', updated_at: '2026-11-01T00:00:00.000Z' },
      });
      hub.clock.pass(1000);
      expect(await put('ada', ADA)).toMatchObject({ created: false, changed: false, person: { rev: 1 } });
      expect(await put('ada', { name: 'Ada' })).toMatchObject({
        changed: true,
        person: { rev: 2, roles: [], data: {} },
      });
      expect(await view('ada')).not.toHaveProperty('email');
      expect((await hub.people.get('other', 'ada')) ?? 'none').toBe('none');
    });

    test('PATCH changes what it names, null takes away', async () => {
      await put('ada', ADA);
      hub.clock.pass(1000);
      await patch('ada', { phone: null, data: { plan: null, more: 1 }, consent: { slack: true } });
      const now = await view('ada');
      expect(now).not.toHaveProperty('phone');
      expect(now).toMatchObject({ data: { nested: { a: [1] }, more: 1 }, roles: ['admin', 'oncall'] });
      expect(now?.consent).toMatchObject({
        email: { granted: true, at: '2026-11-01T00:00:00.000Z' },
        slack: { granted: true, at: '2026-11-01T00:00:01.000Z' },
      });
      expect(await patch('ada', {})).toMatchObject({ changed: false, person: { rev: 2 } });
      await expect(patch('bob', {})).rejects.toMatchObject({ kind: 'not_found' });
      await expect(patch('ada', [])).rejects.toMatchObject({ kind: 'unprocessable' });
    });

    test('a document that was read can be sent back', async () => {
      await put('ada', ADA);
      expect(await put('ada', (await view('ada')) as object)).toMatchObject({ changed: false });
    });

    test('what is wrong is said by field, all of it at once, and never with the value', async () => {
      const bad = {
        ...{
          email: 'canary',
          phone: '0151 canary',
          slack: 'http://canary',
          locale: 'canary!',
          timezone: 'Canary/Isle',
        },
        ...{
          roles: ['a\u0000canary'],
          teams: 'canary',
          data: [],
          consent: { email: 'yes', push: true, sms: { at: 'now' } },
          nmae: 'canary',
        },
      };
      const refused = await put('ada', bad).catch((error: unknown) => error as { details: { path: string }[] });
      expect((refused as { details: { path: string }[] }).details.map(({ path }) => path).toSorted()).toEqual(
        [
          ...[
            'consent.email',
            'consent.push',
            'consent.sms.at',
            'data',
            'email',
            'locale',
            'nmae',
            'phone',
            'roles[0]',
          ],
          ...['slack', 'teams', 'timezone'],
        ].toSorted(),
      );
      expect(JSON.stringify(refused)).not.toContain('canary');
      expect(await hub.people.get('default', 'ada')).toBeUndefined();
    });

    test('what is expected of the version is asked first', async () => {
      const only = (wanted: number | undefined) => (rev: number | undefined) => {
        if (rev !== wanted) throw new RangeError(`is ${rev}`);
      };
      await put('ada', {}, { expect: only(undefined) });
      await expect(put('ada', ADA, { expect: only(undefined) })).rejects.toThrow('is 1');
      await patch('ada', { name: 'x' }, { expect: only(1) });
      await expect(hub.people.erase({ ...change, id: 'ada', expect: only(1) })).rejects.toThrow('is 2');
    });

    test('a list is by id, by team, by role and by what is searched for, in pages', async () => {
      await put('c', { name: 'Cyd', teams: ['red'], roles: ['x'] });
      await put('a', { email: 'Zoe@example.com', teams: ['red'] });
      await put('b', { phone: '+4915112345678', teams: ['blue'] });
      await put('ä', {});
      await put('b', { phone: '+4915112345678', teams: ['blue'] }, { app: 'other' });
      const list = async (filter: object, limit = 10) => {
        const { people, after } = await hub.people.list('default', { limit, ...filter });
        return [people.map(({ id }) => id).join(''), after];
      };
      expect(await list({})).toEqual(['abcä', undefined]);
      expect(await list({}, 2)).toEqual(['ab', 'b']);
      expect(await list({ after: 'b' }, 2)).toEqual(['cä', undefined]);
      expect(await list({ team: 'red' })).toEqual(['ac', undefined]);
      expect(await list({ team: 'red', role: 'x' })).toEqual(['c', undefined]);
      expect(await list({ q: 'zoe@EX' })).toEqual(['a', undefined]);
      expect(await list({ q: '5112' })).toEqual(['b', undefined]);
      expect(await list({ q: 'cy' })).toEqual(['c', undefined]);
      expect(await list({ q: 'Ä' })).toEqual(['ä', undefined]);
      expect(await list({ q: 'e' }, 1)).toEqual(['a', 'a']);
      expect(await list({ q: 'nothing' })).toEqual(['', undefined]);
    });

    test('a verdict belongs to the address: another one is active, the first one again still bounced', async () => {
      await put('ada', ADA);
      await put('bob', { email: 'ada@example.com' });
      const note = (status: 'bounced' | 'active', reason: string, at: number) =>
        hub.people.noteVerdict('default', { kind: 'email', address: 'ada@example.com', status, reason, at });
      await note('bounced', '5.1.1', 10);
      await note('active', 'older', 5);
      const bounced = { status: 'bounced', reason: '5.1.1', at: '1970-01-01T00:00:00.010Z' };
      expect((await view('ada'))?.addresses.email).toEqual(bounced);
      expect((await view('bob'))?.addresses.email).toEqual(bounced);
      await patch('ada', { email: 'new@example.com' });
      expect((await view('ada'))?.addresses.email).toEqual({ status: 'active' });
      await patch('ada', { email: 'ADA@example.com' });
      expect((await view('ada'))?.addresses.email).toEqual(bounced);
      await note('active', 'mended', 11);
      expect((await view('bob'))?.addresses.email).toMatchObject({ status: 'active' });
    });

    test('topics are sets of people who are there', async () => {
      await put('ada', {});
      await put('bob', {});
      const at = (user: string) => ({ ...change, topic: 'news', user });
      expect([
        await hub.topics.add(at('bob')),
        await hub.topics.add(at('bob')),
        await hub.topics.add(at('ada')),
      ]).toEqual([true, false, true]);
      await expect(hub.topics.add(at('cyd'))).rejects.toMatchObject({ kind: 'not_found' });
      expect(await hub.topics.users('default', 'news', { limit: 1 })).toEqual(['ada']);
      expect(await hub.topics.users('default', 'news', { limit: 9, after: 'ada' })).toEqual(['bob']);
      expect([await hub.topics.remove(at('bob')), await hub.topics.remove(at('bob'))]).toEqual([true, false]);
      expect(await hub.topics.users('default', 'news', { limit: 9 })).toEqual(['ada']);
    });

    test('erasing takes everything, says how much, and the same id begins as a new person', async () => {
      await put('ada', ADA);
      await put('bob', { email: 'ada@example.com' });
      await hub.devices.put(change, 'own', phone(1, { user: 'ada', topics: ['t'] }));
      await hub.devices.put(change, 'shared', phone(2, { users: ['ada', 'bob'] }));
      await hub.topics.add({ ...change, topic: 'news', user: 'ada' });
      await hub.people.noteVerdict('default', { kind: 'email', address: 'ada@example.com', status: 'bounced', at: 1 });
      await hub.people.noteVerdict('default', { kind: 'slack', address: 'U024BE7LH', status: 'invalid', at: 1 });
      const counts = await hub.people.erase({ ...change, id: 'ada' });
      expect(counts).toMatchObject({ users: 1, devices: 1, topics: 1, addresses: 1 });
      expect(await hub.people.get('default', 'ada')).toBeUndefined();
      expect([...(await hub.devices.ofUsers('default', ['ada', 'bob'])).keys()]).toEqual(['bob']);
      expect((await view('bob'))?.addresses.email).toMatchObject({ status: 'bounced' });
      expect(await hub.people.erasedAt('default', 'ada')).toBe(hub.clock.ms);
      expect(await hub.people.erasedAt('default', 'bob')).toBeUndefined();
      const audited = JSON.stringify(await hub.store.db.selectFrom('audit').selectAll().execute());
      expect(audited).toContain('user.erased');
      expect(audited).not.toMatch(/\bada\b/);
      expect(await hub.people.erase({ ...change, id: 'ada' })).toMatchObject({ users: 0, devices: 0 });
      expect(await put('ada', {})).toMatchObject({ created: true, person: { rev: 1, teams: [] } });
    });

    test('an export has all of it, and no token', async () => {
      await put('ada', ADA);
      await hub.devices.put(change, 'own', phone(1, { user: 'ada' }));
      const exported = await exportOf(hub.people, 'default', 'ada');
      expect(exported).toMatchObject({
        user: { name: 'Ada Lovelace' },
        devices: [{ id: 'own', token_mask: expect.any(String) }],
      });
      expect(JSON.stringify(exported)).not.toContain(phone(1).token);
      expect(await exportOf(hub.people, 'default', 'bob')).toBeUndefined();
    });
  });
});
