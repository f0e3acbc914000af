import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  connectRedis,
  memoryStore,
  memoryTracker,
  type NotifyRedis,
  type NotifyStore,
  type NotifyStoreOptions,
  postgresStore,
  sqliteStore,
  type Tracker,
} from '../../src/notify/create-notifier.ts';
import { startPostgres } from '../support/postgres.ts';
import type { RequirementName } from '../support/requirements.ts';
import { startProgram } from '../support/start-program.ts';

export interface NotifyBackend {
  store(options?: NotifyStoreOptions): Promise<NotifyStore>;
  tracker(): Promise<Tracker>;
  end(): Promise<void>;
}

export interface NotifyBackendUnderTest {
  readonly name: string;
  readonly needs: readonly RequirementName[];
  start(): Promise<NotifyBackend>;
}

const memory: NotifyBackendUnderTest = {
  name: 'memory',
  needs: [],
  start: async () => ({
    store: async (options) => memoryStore(options),
    tracker: async () => memoryTracker(),
    async end() {},
  }),
};

const sqlite: NotifyBackendUnderTest = {
  name: 'SQLite',
  needs: [],
  async start() {
    const folder = mkdtempSync(join(tmpdir(), 'martlet-notify-'));
    let count = 0;
    return {
      store: (options) => sqliteStore(join(folder, `${++count}.db`), options),
      tracker: async () => memoryTracker(),
      end: async () => rmSync(folder, { recursive: true, force: true }),
    };
  },
};

const postgres: NotifyBackendUnderTest = {
  name: 'PostgreSQL',
  needs: ['psql'],
  async start() {
    const server = await startPostgres();
    const masterKey = randomBytes(32).toString('base64');
    return {
      store: async (options) => postgresStore(await server.database(), { ...options, masterKey }),
      tracker: async () => memoryTracker(),
      end: () => server.end(),
    };
  },
};

const redis: NotifyBackendUnderTest = {
  name: 'Redis',
  needs: ['redis-server'],
  async start() {
    const server = await startProgram('redis-server', (port, dir) =>
      ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir].concat('--save', '', '--appendonly', 'yes'),
    );
    const open: NotifyRedis[] = [];
    const connect = async (): Promise<NotifyRedis> => {
      const connection = await connectRedis(`redis://${server.addr}`, { prefix: `${open.length}:` });
      open.push(connection);
      return connection;
    };
    return {
      store: async (options) => (await connect()).store(options),
      tracker: async () => (await connect()).tracker(),
      async end() {
        for (const connection of open) connection.close();
        await server.end();
      },
    };
  },
};

export const notifyBackends: readonly NotifyBackendUnderTest[] = [memory, sqlite, postgres, redis];
