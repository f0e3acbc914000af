import type { Migration } from './migrate.ts';
import { type TableShape, tableSql } from './table-sql.ts';

const tables: readonly TableShape[] = [
  {
    name: 'roll_notes',
    columns: { id: 'text', app: 'text', size: 'integer', doc: 'text' },
    primary: ['id'],
  },
  {
    name: 'roll_ups',
    columns: { app: 'text', slot: 'integer', type: 'text', channel: 'text', platform: 'text', doc: 'text' },
    primary: ['app', 'slot', 'type', 'channel', 'platform'],
    short: true,
  },
];

/** What has happened, in numbers: what is noted of it, and what that comes to. */
export const analytics: Migration = {
  name: '0012-analytics',
  statements: (engine) => [
    ...tables.flatMap((table) => tableSql(engine, table)),
    `ALTER TABLE "decisions" ADD COLUMN "platform" ${engine === 'postgres' ? 'TEXT COLLATE "C"' : 'TEXT'}`,
    // What goes on with those that are there now is left out: what they had come to was never counted.
    `INSERT INTO "meta" ("key", "value") SELECT 'analytics_after', CAST(COALESCE(MAX("created_at"), 0) AS TEXT) FROM "notifications"`,
  ],
};
