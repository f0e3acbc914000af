import { beforeEach, describe, expect, test } from 'vitest';
import { UnreadableError } from '../../../src/hub/storage/unreadable.ts';
import { needs } from '../../support/needs.ts';
import { damage } from '../damage.ts';
import { change, iosToken, phone } from '../directory.ts';
import { hubEngines } from '../hub-engines.ts';
import { type HubOfSends, hubsOn } from './hubs-on.ts';

const HOUR = 3_600_000;
const everyone = { to: { everyone: true } };
const LATER = { send_at: '2026-11-01T01:00:00', timezone: 'UTC' };

const COLUMNS = {
  devices: { column: 'target', key: 'id' },
  users: { column: 'profile', key: 'id' },
  notifications: { column: 'doc', key: 'id' },
  digest_items: { column: 'doc', key: 'notification' },
} as const;

describe.each(hubEngines)('what cannot be read in $name', ({ needs: lacks, start }) => {
  describe('holds up no one else:', needs(...lacks), () => {
    const fresh = hubsOn(start);
    let hub: HubOfSends;

    beforeEach(async () => {
      ({ hub } = await fresh());
      for (const [index, user] of ['ada', 'bob', 'cid'].entries()) {
        const email = `${user}@example.com`;
        const consent = { email: true };
        await hub.people.put({ ...change, id: user }, { name: user, email, consent, teams: ['crew'] });
        await hub.devices.put(change, `d-${user}`, phone(index, { user }));
      }
    });

    const spoil = (table: keyof typeof COLUMNS, value: string) =>
      damage(hub.store, table, { ...COLUMNS[table], value });

    test('the token of a device, of a send to many', async () => {
      await spoil('devices', 'd-ada');
      const { id, recipients } = await hub.send({ ...everyone, mode: 'push_only' });
      expect(recipients).toMatchObject({ total: 3, queued: 2, no_channel: 1 });
      expect(await hub.decisions(id)).toEqual([
        'ada 1 push suppressed unreadable',
        'bob 1 push sent',
        'cid 1 push sent',
      ]);
      expect(await hub.statusOf(id)).toBe('done');
      // The device comes again, and is sent to again.
      await hub.devices.put(change, 'd-ada', phone(0, { user: 'ada' }));
      const again = await hub.send({ ...everyone, mode: 'push_only' });
      expect(await hub.decisions(again.id)).toContain('ada 1 push sent');
    });

    test('the token of a device that waits with others', async () => {
      const { id } = await hub.send({ ...everyone, ...LATER, mode: 'push_only' });
      await spoil('devices', 'd-bob');
      await hub.pass(HOUR);
      expect(await hub.decisions(id)).toEqual([
        'ada 1 push sent',
        'bob 1 push suppressed unreadable',
        'cid 1 push sent',
      ]);
      expect(hub.said).toEqual([]);
    });

    test('the addresses of a person', async () => {
      await spoil('users', 'ada');
      const { id } = await hub.send({ ...everyone, channels: ['email'], mode: 'redundant' });
      expect(await hub.decisions(id)).toEqual([
        'ada 1 email suppressed unreadable',
        'bob 1 email sent',
        'cid 1 email sent',
      ]);
      const shown = await hub.people.list('default', { limit: 10 });
      expect(shown.people.map(({ id: user, email, unreadable }) => [user, email, unreadable])).toEqual([
        ['ada', undefined, true],
        ['bob', 'bob@example.com', undefined],
        ['cid', 'cid@example.com', undefined],
      ]);
      const whose = { ...change, id: 'ada' };
      await expect(hub.people.patch(whose, { name: 'Ada' })).rejects.toThrow('replace all of it');
      const { person } = await hub.people.put(whose, { email: 'ada@example.com', consent: { email: true } });
      expect(person).toMatchObject({ email: 'ada@example.com', rev: 2 });
      expect(person.unreadable).toBeUndefined();
    });

    test('a notification that waits, is read and is listed with others', async () => {
      await hub.send({ ...everyone, ...LATER, id: 'spoilt', mode: 'push_only' });
      await hub.send({ ...everyone, ...LATER, id: 'whole', mode: 'push_only' });
      await spoil('notifications', 'spoilt');
      await hub.pass(HOUR);
      expect(await hub.decisions('whole')).toEqual(['ada 1 push sent', 'bob 1 push sent', 'cid 1 push sent']);
      expect(new Set(await hub.decisions('spoilt'))).toEqual(
        new Set(['ada', 'bob', 'cid'].map((user) => `${user} 1 push cancelled unreadable`)),
      );
      expect(await hub.statusOf('spoilt')).toBe('cancelled');
      expect(hub.said).toEqual([]);
      const { rows } = await hub.inbox.page({ app: 'default', user: 'ada' }, 10, undefined);
      expect(rows.map(({ item: { id, message, unreadable } }) => [id, message, unreadable])).toEqual([
        ['whole', 'm2', undefined],
        ['spoilt', undefined, true],
      ]);
    });

    test('a notification, and an item, of a digest', async () => {
      const digest = { to: { users: ['ada'] }, mode: 'push_only', digest: { key: 'k', window: '15m' } };
      for (const id of ['spoilt', 'untold', 'whole']) await hub.send({ ...digest, id });
      await spoil('notifications', 'spoilt');
      await spoil('digest_items', 'untold');
      await hub.pass(HOUR);
      expect(await hub.decisions('spoilt')).toEqual(['ada 1 push cancelled unreadable']);
      expect(await hub.decisions('untold')).toEqual(['ada 1 push sent']);
      expect(await hub.decisions('whole')).toEqual(['ada 1 push sent']);
      const [{ notification }] = hub.carrier.taken as [(typeof hub.carrier.taken)[0]];
      expect(notification).toMatchObject({ title: '2 notifications', data: { count: 2 } });
    });

    test('a device that is listed, replaced, exported, erased', async () => {
      await hub.devices.put(change, 'other', phone(7, { user: 'ada' }));
      await spoil('devices', 'd-ada');
      const own = await hub.devices.list('default', 'ada', { limit: 10 });
      expect(own.map((device) => [device.id, device.token_mask, 'unreadable' in device])).toEqual([
        ['d-ada', '***', true],
        ['other', expect.stringContaining(iosToken(7).slice(-4)), false],
      ]);
      const pieces: string[] = [];
      for await (const piece of (await hub.people.exportText('default', 'ada')) ?? []) pieces.push(piece);
      expect(JSON.parse(pieces.join(''))).toMatchObject({ devices: [{ id: 'd-ada' }, { id: 'other' }] });
      const all: object[] = [];
      for await (const some of hub.devices.all('default', true)) all.push(...some);
      expect(all.filter((device) => 'token' in device)).toHaveLength(3);
      // Another person gets the token of which the row is damaged.
      const moved = await hub.devices.put(change, 'd-new', phone(0, { user: 'bob' }));
      expect(moved.moved).toBe(true);
      await spoil('devices', 'other');
      hub.figures.isErased = true;
      expect(await hub.people.erase({ ...change, id: 'ada' })).toMatchObject({ devices: 1, users: 1 });
    });

    test('a person is erased whose notification, shared with others, is damaged', async () => {
      await hub.send({ to: { users: ['ada', 'bob'] }, id: 'shared', mode: 'push_only' });
      await spoil('notifications', 'shared');
      await spoil('users', 'ada');
      hub.figures.isErased = true;
      await hub.people.erase({ ...change, id: 'ada' });
      expect(await hub.decisions('shared')).toEqual(['bob 1 push sent']);
      const [row] = await hub.store.db.selectFrom('notifications').select('doc').execute();
      expect(row).toEqual({ doc: '' });
    });

    test('a text that was sealed for another row is as good as damaged', () => {
      const sealed = hub.store.seal.seal('text', 'device:["default","a"]');
      expect(() => hub.store.seal.open(sealed, 'device:["default","b"]')).toThrow(UnreadableError);
    });
  });
});
