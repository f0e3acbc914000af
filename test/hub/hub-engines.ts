import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openHubStore } from '../../src/hub/storage/open-hub-store.ts';
import type { HubStore } from '../../src/hub/storage/storage.ts';
import { startPgBouncer, startPostgres } from '../support/postgres.ts';
import type { RequirementName } from '../support/requirements.ts';

/** Where stores of one engine are kept. */
export interface HubPlace {
  /** An empty store. */
  open(now?: () => number): Promise<HubStore>;
  /** Another instance on the store that was opened last; undefined where each has its own. */
  readonly again?: (now?: () => number) => Promise<HubStore>;
  end(): Promise<void>;
}

export interface HubEngineUnderTest {
  readonly name: string;
  readonly needs: readonly RequirementName[];
  start(): Promise<HubPlace>;
}

const tell = (): void => undefined;

const memory: HubEngineUnderTest = {
  name: 'SQLite in memory',
  needs: [],
  start: async () => ({
    open: (now = Date.now) => openHubStore({ path: '', postgres: '', master: undefined, tell, now }),
    async end() {},
  }),
};

const file: HubEngineUnderTest = {
  name: 'an SQLite file',
  needs: [],
  async start() {
    const folder = mkdtempSync(join(tmpdir(), 'martlet-hub-'));
    let count = 0;
    const again = (now = Date.now) =>
      openHubStore({ path: join(folder, `${count}.db`), postgres: '', master: undefined, tell, now });
    return {
      open(now) {
        count++;
        return again(now);
      },
      again,
      end: async () => rmSync(folder, { recursive: true, force: true }),
    };
  },
};

async function postgresPlace(isPooled: boolean): Promise<HubPlace> {
  const server = await startPostgres();
  const pooler = isPooled ? await startPgBouncer(server) : undefined;
  const folder = mkdtempSync(join(tmpdir(), 'martlet-hub-'));
  const path = join(folder, 'hub.db');
  let url = '';
  const again = (now = Date.now) => openHubStore({ path, postgres: url, master: undefined, tell, now });
  return {
    async open(now) {
      url = await server.database();
      if (pooler) url = url.replace(server.addr, pooler.addr);
      return again(now);
    },
    again,
    async end() {
      await pooler?.end();
      await server.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const postgres: HubEngineUnderTest = {
  name: 'PostgreSQL',
  needs: ['psql'],
  start: () => postgresPlace(false),
};

/** For what is about the store and not about the hub. */
export const pooledPostgres: HubEngineUnderTest = {
  name: 'PostgreSQL behind PgBouncer',
  needs: ['psql', 'pgbouncer'],
  start: () => postgresPlace(true),
};

/** All that must behave alike: `describe.each(hubEngines)('…', ({needs: lacks, start}) => …)` in a `.peer.test.ts`. */
export const hubEngines: readonly HubEngineUnderTest[] = [memory, file, postgres];
