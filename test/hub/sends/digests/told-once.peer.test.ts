import { beforeEach, describe, expect, test } from 'vitest';
import { needs } from '../../../support/needs.ts';
import { change, iosToken, phone } from '../../directory.ts';
import { hubEngines } from '../../hub-engines.ts';
import { type HubOfSends, hubsOn, NOON } from '../hubs-on.ts';

const MINUTE = 60_000;
const WINDOW = 15 * MINUTE;
const MAIL = 'ada@example.org';
const DIGEST = { to: { users: ['ada'] }, mode: 'redundant', digest: { key: 'k', window: '15m' } };
const BOTH = { ...DIGEST, channels: ['push', 'email'] };
const PUSH = { ...DIGEST, channels: ['push'] };
const NEWS = { type: 'news' };
const CHAT = { type: 'chat' };

describe.each(hubEngines)('a digest, in $name,', ({ needs: lacks, start }) => {
  describe('tells each device of what is wanted there, and once:', needs(...lacks), () => {
    const fresh = hubsOn(start);
    let hub: HubOfSends;

    beforeEach(async () => {
      ({ hub } = await fresh(NOON));
      await hub.people.put({ ...change, id: 'ada' }, { email: MAIL, consent: { email: true } });
      await hub.devices.put(change, 'd1', phone(1, { user: 'ada' }));
    });

    const set = (settings: object) => hub.settings.put(hub.change('ada'), settings);
    const told = () =>
      hub.carrier.taken.flatMap(({ notification: { tokens, title, message } }) =>
        tokens.map((to) => `${to.slice(0, 8)}: ${title}: ${message?.split('\n').join(', ')}`),
      );
    const push = (n: number) => iosToken(n).slice(0, 8);

    const inAnyOrder = () => told().map((line) => line.replace('m2, m1', 'm1, m2')).toSorted();
    const left = async () => [
      ...(await hub.store.db.selectFrom('due').select('kind').execute()),
      ...(await hub.store.db.selectFrom('digest_items').select('id').execute()),
    ];
    test('what two ways could not bring is in the next digest of each once', async () => {
      await set({ types: { news: { channels: ['email'] } } });
      hub.carrier.fates = { [MAIL]: 'refuse', [iosToken(1)]: 'refuse' };
      await hub.send({ ...BOTH, ...NEWS });
      await hub.send({ ...BOTH, ...CHAT });
      await hub.pass(WINDOW);
      hub.carrier.fates = {};
      hub.carrier.taken.length = 0;
      await hub.pass(WINDOW);
      expect(inAnyOrder()).toEqual([`${push(1)}: 1 notification: m2`, 'ada@exam: 2 notifications: m1, m2']);
      expect(await left()).toEqual([]);
    });

    test('it is an alert, and never a call', async () => {
      await hub.devices.put(change, 'v1', phone(2, { user: 'ada', kind: 'voip' }));
      await hub.send({ ...PUSH, ...NEWS, overrides: { ios: { push_type: 'voip' } } });
      await hub.pass(WINDOW);
      expect(told()).toEqual([`${push(1)}: 1 notification: m1`]);
      expect(await left()).toEqual([]);
    });
  });
});
