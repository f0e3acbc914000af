import { beforeEach, describe, expect, test } from 'vitest';
import type { HubBatch } from '../../../../src/hub/push/push-carrier.ts';
import { needs } from '../../../support/needs.ts';
import { type Clock, change, iosToken, phone } from '../../directory.ts';
import { hubEngines } from '../../hub-engines.ts';
import { type HubOfSends, hubsOn } from '../hubs-on.ts';

const MANY = 60;

/** Ids that sort otherwise by their bytes than by UTF-16. */
const STRANGE = ['\u{1f600}', '\u{ffee}', 'é'];

describe.each(hubEngines)('outcomes of a batch in $name', ({ needs: lacks, start }) => {
  describe('of many people', needs(...lacks), () => {
    const fresh = hubsOn(start);
    let clock: Clock;
    let hub: HubOfSends;

    beforeEach(async () => {
      ({ clock, hub } = await fresh());
    });

    const name = (at: number): string => `u${String(at).padStart(3, '0')}`;

    /** Sent to all, of which nothing is heard yet. */
    async function underWay(users: readonly string[]): Promise<{ id: string; batch: HubBatch; tokens: string[] }> {
      const tokens = users.map((_, at) => iosToken(at + 1));
      for (const [at, user] of users.entries()) await hub.devices.put(change, `d${at}`, phone(at + 1, { user }));
      for (const token of tokens) hub.carrier.fates[token] = 'hold';
      const { id } = await hub.send({ to: { everyone: true }, mode: 'push_only' });
      return { id, batch: hub.carrier.taken[0] as HubBatch, tokens };
    }

    async function states(id: string): Promise<Record<string, string>> {
      const rows = await hub.store.db.selectFrom('decisions').selectAll().where('notification', '=', id).execute();
      return Object.fromEntries(rows.map(({ user, state }) => [user, state]));
    }

    test.each([
      ['all at once', (): boolean => true],
      ['but one in the middle', (at: number): boolean => at !== 30],
      ['but some', (at: number): boolean => at % 5 !== 2],
      ['but most', (at: number): boolean => at % 3 === 1],
      ['but the first and the last', (at: number): boolean => at > 0 && at < MANY - 1],
    ])('are written to those that they are of: %s', async (_name, isHeard) => {
      const users = Array.from({ length: MANY }, (_, at) => name(at));
      const { id, batch, tokens } = await underWay(users);
      const heard = tokens.filter((_, at) => isHeard(at));
      for (const token of heard) hub.carrier.finish(batch, token, 'accept');
      await hub.sends.settle();
      const expected = users.map((user, at) => [user, isHeard(at) ? 'sent' : 'pending']);
      expect(await states(id)).toEqual(Object.fromEntries(expected));
      expect(await hub.statusOf(id)).toBe(heard.length === MANY ? 'done' : 'pending');
      for (const token of tokens) hub.carrier.finish(batch, token, 'refuse');
      await hub.sends.settle();
      expect(await states(id)).toEqual(
        Object.fromEntries(users.map((user, at) => [user, isHeard(at) ? 'sent' : 'failed'])),
      );
      expect(await hub.statusOf(id)).toBe('done');
    });

    test('that failed between the others are failures', async () => {
      const users = Array.from({ length: MANY }, (_, at) => name(at));
      const { id, batch, tokens } = await underWay(users);
      for (const [at, token] of tokens.entries()) hub.carrier.finish(batch, token, at % 10 === 3 ? 'refuse' : 'accept');
      await hub.sends.settle();
      const expected = users.map((user, at) => [user, at % 10 === 3 ? 'failed' : 'sent']);
      expect(await states(id)).toEqual(Object.fromEntries(expected));
    });

    test.each([
      ['all of them', (): boolean => true],
      ['some of them', (at: number): boolean => at % 3 === 0],
    ])('have the ids that their provider gives: %s', async (_name, hasId) => {
      const users = Array.from({ length: MANY }, (_, at) => name(at));
      const { id, batch, tokens } = await underWay(users);
      const named = tokens.flatMap((token, at) => (hasId(at) ? [[token, `id of ${name(at)}`] as const] : []));
      hub.carrier.providerIds = Object.fromEntries(named);
      for (const token of tokens) hub.carrier.finish(batch, token, 'accept');
      for (const token of tokens) hub.carrier.finish(batch, token, 'accept');
      await hub.sends.settle();
      const rows = await hub.store.db.selectFrom('decisions').selectAll().where('notification', '=', id).execute();
      const expected = users.map((user, at) => [user, 'sent', hasId(at) ? `id of ${user}` : null]);
      expect(rows.map(({ user, state, provider_id }) => [user, state, provider_id])).toEqual(expected);
      expect(await hub.statusOf(id)).toBe('done');
    });

    test('are written to the others where one of them was erased meanwhile', async () => {
      const users = Array.from({ length: MANY }, (_, at) => name(at));
      const { id, batch, tokens } = await underWay(users);
      await hub.people.erase({ ...change, id: name(30) });
      for (const token of tokens) hub.carrier.finish(batch, token, 'accept');
      await hub.sends.settle();
      const left = users.filter((user) => user !== name(30));
      expect(await states(id)).toEqual(Object.fromEntries(left.map((user) => [user, 'sent'])));
      expect(await hub.statusOf(id)).toBe('done');
    });

    test('leave alone what another push of the same people carries', async () => {
      const users = Array.from({ length: MANY }, (_, at) => name(at));
      const first = await underWay(users);
      const { id } = await hub.send({ to: { everyone: true }, mode: 'push_only' });
      for (const token of first.tokens) hub.carrier.finish(first.batch, token, 'accept');
      await hub.sends.settle();
      expect(new Set(Object.values(await states(first.id)))).toEqual(new Set(['sent']));
      expect(new Set(Object.values(await states(id)))).toEqual(new Set(['pending']));
    });

    test('reach people whose ids are not ASCII, and no others', async () => {
      const users = [...Array.from({ length: MANY }, (_, at) => `${STRANGE[at % 3]}${name(at)}`), ...STRANGE];
      const { id, batch, tokens } = await underWay(users);
      for (const [at, token] of tokens.entries()) if (at % 4 !== 0) hub.carrier.finish(batch, token, 'accept');
      await hub.sends.settle();
      const expected = users.map((user, at) => [user, at % 4 === 0 ? 'pending' : 'sent']);
      expect(await states(id)).toEqual(Object.fromEntries(expected));
    });

    test('that came within some milliseconds have the moment of the last, and later ones their own', async () => {
      const users = Array.from({ length: MANY }, (_, at) => name(at));
      const { id, batch, tokens } = await underWay(users);
      const begun = clock.ms;
      for (const [at, token] of tokens.entries()) {
        if (at === 20) clock.pass(10);
        if (at === 40) clock.pass(1000);
        hub.carrier.finish(batch, token, 'accept');
      }
      await hub.sends.settle();
      const rows = await hub.store.db.selectFrom('decisions').selectAll().where('notification', '=', id).execute();
      const after = Object.fromEntries(rows.map(({ user, at }) => [user, at - begun]));
      expect([after[name(0)], after[name(39)], after[name(40)]]).toEqual([10, 10, 1010]);
    });
  });
});
