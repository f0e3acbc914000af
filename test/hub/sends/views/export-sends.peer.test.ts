import { beforeEach, describe, expect, test } from 'vitest';
import { bulkInsert } from '../../../../src/hub/storage/bulk-insert.ts';
import { needs } from '../../../support/needs.ts';
import { type Clock, change, iosToken, phone } from '../../directory.ts';
import { exportOf } from '../../export-of.ts';
import { hubEngines } from '../../hub-engines.ts';
import { type HubOfSends, hubsOn } from '../hubs-on.ts';

const MANY = 3000;

describe.each(hubEngines)('an export in $name', ({ needs: lacks, start }) => {
  describe('has what was sent to a person', needs(...lacks), () => {
    const fresh = hubsOn(start);
    let clock: Clock;
    let hub: HubOfSends;

    beforeEach(async () => {
      ({ clock, hub } = await fresh());
      await hub.people.put({ ...change, id: 'ada' }, { email: 'ada@example.com', consent: { email: true } });
      await hub.people.put({ ...change, id: 'bob' }, {});
      await hub.devices.put(change, 'd1', phone(1, { user: 'ada' }));
    });

    test('with what was decided and done, and neither tokens nor other people', async () => {
      await hub.topics.add({ ...change, topic: 'red', user: 'ada' });
      const to = { users: ['ada', 'bob'] };
      const body = { id: 'n1', type: 'news', title: 'Hello', message: 'from the hub', data: { a: 1 }, to };
      await hub.send({ ...body, channels: ['push', 'email'], mode: 'redundant' });
      clock.pass(1000);
      await hub.engagements.record({
        ...{ app: 'default', person: 'ada' },
        engagements: [{ notification: 'n1', device: 'd1', event: 'action', action: 'open' }],
      });
      await hub.people.optOut({ app: 'default', user: 'ada', channel: 'email', type: 'news', at: clock.now() });
      clock.pass(1000);
      await hub.send({ ...body, id: 'n2', channels: ['email'] });
      await hub.inbox.remove({ app: 'default', user: 'ada' }, 'n2');
      const exported = await exportOf(hub.people, 'default', 'ada');
      const at = new Date(clock.now() - 1000).toISOString();
      expect(exported).toMatchObject({
        user: { id: 'ada', opt_outs: [{ channel: 'email', type: 'news' }] },
        devices: [{ id: 'd1' }],
        topics: ['red'],
        notifications: [
          { id: 'n1', type: 'news', title: 'Hello', message: 'from the hub', data: { a: 1 }, priority: 'medium' },
          { id: 'n2' },
        ],
        inbox: [
          { notification: 'n1', shown: true, read_at: at, acted_at: at },
          { notification: 'n2', shown: false, removed_at: new Date(clock.now()).toISOString() },
        ],
        decisions: [
          { notification: 'n1', hop: 1, channel: 'push', device: 'd1', state: 'read', attempts: 1 },
          { notification: 'n1', hop: 2, channel: 'email', state: 'read', words: 'The person has read it.' },
          { notification: 'n2', hop: 1, channel: 'email', state: 'suppressed', reason: 'unsubscribed' },
        ],
        engagements: [{ notification: 'n1', device: 'd1', event: 'action', action: 'open', at }],
      });
      const text = JSON.stringify(exported);
      expect(text).not.toContain('bob');
      expect(text).not.toContain(iosToken(1));
    });

    test('in pieces, however much it is, so that others have their turn', async () => {
      const common = { app: 'default', user: 'ada' };
      const ids = Array.from({ length: MANY }, (_, index) => `n${String(index).padStart(6, '0')}`);
      const marks = {
        visible_at: null,
        seen_at: null,
        read_at: null,
        acked_at: null,
        acted_at: null,
        removed_at: null,
      };
      // Some came at the same moment.
      const recipients = ids.map((notification, at) => ({
        ...{ ...common, notification, place: Math.floor(at / 7), hidden: 0, ...marks },
      }));
      await hub.store.write((tx) => bulkInsert(tx, hub.store.engine, 'recipients', recipients));
      const pieces = await hub.people.exportText('default', 'ada');
      if (!pieces) throw new Error('no export');
      let turns = 0;
      let isOver = false;
      const others = (async () => {
        while (!isOver) {
          await hub.people.get('default', 'bob');
          turns++;
          await new Promise(setImmediate);
        }
      })();
      const texts: string[] = [];
      for await (const piece of pieces) texts.push(piece);
      isOver = true;
      await others;
      const exported = JSON.parse(texts.join('')) as { inbox: { notification: string }[] };
      expect(exported.inbox.map(({ notification }) => notification)).toEqual(ids);
      expect(Math.max(...texts.map(({ length }) => length))).toBeLessThan(100_000);
      expect(turns).toBeGreaterThan(MANY / 200);
    });
  });
});
