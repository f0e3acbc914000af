import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openHubStore } from '../../../src/hub/storage/open-hub-store.ts';
import { change, directory, phone } from '../directory.ts';

const CANARY = 'canary';
const canaries = Array.from({ length: 20 }, (_, at) => `${CANARY}-${at}-${'y'.repeat(at * 3)}`);

test('after an erasure no file of the store holds a byte of the person, whatever was written and moved before', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-erasure-'));
  const store = await openHubStore({
    path: join(folder, 'hub.db'),
    postgres: '',
    master: undefined,
    tell: () => undefined,
  });
  onTestFinished(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const { people, devices, topics } = directory(store);
  const found = (): string[] => readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(CANARY));
  // Others before, between and behind, so that pages are divided and merged.
  const others = Array.from({ length: 300 }, (_, at) => `${at % 2 ? 'b' : 'z'}other-${at}-${'x'.repeat(at % 80)}`);
  const all = others.flatMap((id, at) => (at % 15 === 0 ? [id, canaries[at / 15] as string] : [id]));
  for (const [at, user] of all.entries()) {
    await people.put(
      { ...change, id: user, by: `user:${user}` },
      { name: user, teams: [`team of ${user}`], data: { user } },
    );
    await devices.put(
      { ...change, by: `user:${user}` },
      `device of ${user}`,
      phone(at, { user, name: user, topics: [user] }),
    );
    await topics.add({ ...change, topic: 'all', user });
    await store.write((tx) =>
      tx
        .insertInto('settings')
        .values({
          app: 'default',
          user,
          doc: JSON.stringify({ user }),
          snoozed_until: null,
          snooze_on_end: null,
          rev: 1,
          updated_at: 1,
        })
        .execute(),
    );
  }
  for (const [at, user] of all.entries()) {
    await people.patch({ ...change, id: user }, { locale: 'de', teams: [`other team of ${user}`, user] });
    await devices.patch(change, `device of ${user}`, { model: `${user} again`, topics: [`${user}2`] });
    if (at % 3 === 0) await devices.put(change, `second of ${user}`, phone(1000 + at, { user, name: user }));
    if (at % 5 === 0) await devices.delete(change, `device of ${user}`);
  }
  expect(found()).not.toEqual([]);
  await Promise.all(canaries.map((id) => people.erase({ ...change, id })));
  expect(found()).toEqual([]);
  expect((await people.list('default', { limit: 1000 })).people).toHaveLength(300);
});
