import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type HubStoreOptions, openHubStore } from '../../../src/hub/storage/open-hub-store.ts';
import type { HubStore } from '../../../src/hub/storage/storage.ts';
import { ConfigError } from '../../../src/kit/errors.ts';
import { needs } from '../../support/needs.ts';
import { startPostgres } from '../../support/postgres.ts';
import { addPerson } from '../add-person.ts';

type Opened = Pick<HubStoreOptions, 'path' | 'postgres'>;

const tempFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'martlet-claim-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

const engines = [
  {
    name: 'a file',
    key: 'hub.path',
    lacks: [],
    place: async (): Promise<Opened> => ({ path: join(tempFolder(), 'hub.db'), postgres: '' }),
  },
  {
    name: 'a PostgreSQL',
    key: 'hub.postgres',
    lacks: ['psql'],
    async place(): Promise<Opened> {
      const server = await startPostgres();
      onTestFinished(() => server.end());
      return { path: join(tempFolder(), 'hub.db'), postgres: await server.database() };
    },
  },
] as const;

/** Opens a store, does something in it, and closes it. */
async function use(
  place: Opened,
  pushesFor: HubStoreOptions['pushesFor'],
  work?: (store: HubStore) => Promise<unknown>,
) {
  const store = await openHubStore({ ...place, pushesFor, master: undefined, tell: () => undefined });
  try {
    await work?.(store);
  } finally {
    await store.close();
  }
}

const addSchedule = (store: HubStore) =>
  store.write((tx) => {
    const times = { anchor: 1, next_at: null, last_at: null, last_notification: null, created_at: 1, updated_at: 1 };
    return tx
      .insertInto('schedules')
      .values({ app: 'default', id: 's', doc: 'x', rev: 1, ...times })
      .execute();
  });

const pairs = [
  { mine: 'providers', theirs: 'sandbox', says: 'sandbox.enabled: false' },
  { mine: 'sandbox', theirs: 'providers', says: 'sandbox.enabled: true' },
] as const;

describe.each(engines)('$name', ({ lacks, place, key }) => {
  const { skip, meta } = needs(...lacks);
  const options = { skip, meta };

  test.each(pairs)('of $mine with people is refused to those of $theirs', options, async ({ mine, theirs, says }) => {
    const at = await place();
    await use(at, mine, (store) => addPerson(store, 'default', 'ada'));
    const refusal = await use(at, theirs).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ConfigError);
    expect(refusal).toMatchObject({ key, text: expect.stringContaining(says) });
    // It was not changed by that: its own go on.
    await use(at, mine);
    await expect(use(at, theirs)).rejects.toThrow(ConfigError);
  });

  test('with nothing but a schedule is refused as well', options, async () => {
    const at = await place();
    await use(at, 'providers', addSchedule);
    await expect(use(at, 'sandbox')).rejects.toThrow(ConfigError);
  });

  test('that is empty is of those who open it', options, async () => {
    const at = await place();
    await use(at, 'providers');
    await use(at, 'sandbox', (store) => addPerson(store, 'default', 'ada'));
    await expect(use(at, 'providers')).rejects.toThrow(ConfigError);
  });

  test('is open to what sends nothing, and stays of no one by that', options, async () => {
    const at = await place();
    await use(at, undefined);
    await use(at, 'sandbox', (store) => addPerson(store, 'default', 'ada'));
    await use(at, undefined, (store) => addPerson(store, 'default', 'bob'));
    await expect(use(at, 'providers')).rejects.toThrow(ConfigError);
  });
});

describe('a store of an earlier version, which does not say', () => {
  test('is of real people where it is a PostgreSQL', needs('psql'), async () => {
    const at = await engines[1].place();
    await use(at, undefined, (store) => addPerson(store, 'default', 'ada'));
    await expect(use(at, 'sandbox')).rejects.toThrow(ConfigError);
    await use(at, 'providers');
  });

  test('is of those who open it where it is a file: the sandbox has a name of its own for it', async () => {
    const at = await engines[0].place();
    await use(at, undefined, (store) => addPerson(store, 'default', 'ada'));
    await use(at, 'sandbox');
    await expect(use(at, 'providers')).rejects.toThrow(ConfigError);
  });
});
