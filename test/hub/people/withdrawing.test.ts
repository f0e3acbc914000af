import { expect, onTestFinished, test } from 'vitest';
import { Withdrawing } from '../../../src/hub/people/withdrawing.ts';
import { openHubStore } from '../../../src/hub/storage/open-hub-store.ts';

const GONE = { app: 'default', user: 'ada', own: ['token'], shared: [] };

async function twoInstances() {
  const store = await openHubStore({ path: '', postgres: '', master: undefined, tell: () => {} });
  onTestFinished(() => store.close());
  const heard: string[] = [];
  const open = (name: string) => {
    const withdrawing = new Withdrawing({
      store,
      instances: () => ({ name, hasOthers: true, living: async () => ['first', 'second'] }),
      own: async ({ user }) => {
        heard.push(`${name} ${user}`);
        return { ended: 1, inFlight: 0 };
      },
      doubt: () => {},
      now: Date.now,
      newId: () => crypto.randomUUID(),
    });
    onTestFinished(() => withdrawing.close());
    return withdrawing;
  };
  return { store, heard, first: open('first'), second: open('second') };
}

test('an erasure reaches the other instances beside rows that they cannot read', async () => {
  const { store, heard, first, second } = await twoInstances();
  const id = await store.write(async (tx) => {
    // Of a version that asks otherwise, and an answer of one: before and behind what is asked, in the order of the keys.
    for (const key of ['withdrawal:0', 'withdrawal:zz', 'withdrawal:0:third', 'withdrawal:zz:third'])
      await tx.insertInto('meta').values({ key, value: 'no JSON' }).execute();
    return first.ask(tx, GONE);
  });
  const answer = first.withdraw(GONE, id);
  await second.look();
  expect(await answer).toEqual({ ended: 2, inFlight: 0 });
  expect(heard.toSorted()).toEqual(['first ada', 'second ada']);
});
