import type { Migration } from './migrate.ts';
import { type TableShape, tableSql } from './table-sql.ts';

const tables: readonly TableShape[] = [
  {
    name: 'stream_heads',
    columns: { app: 'text', user: 'text', epoch: 'integer', floor: 'integer', head: 'integer', bytes: 'integer' },
    primary: ['app', 'user'],
    short: true,
  },
  {
    name: 'stream_events',
    columns: {
      app: 'text',
      user: 'text',
      place: 'integer',
      type: 'text',
      payload: 'text',
      timestamp: 'text',
      bytes: 'integer',
      at: 'integer',
    },
    primary: ['app', 'user', 'place'],
    indexes: [['at']],
  },
  {
    name: 'stream_keys',
    columns: { app: 'text', user: 'text', hash: 'text', place: 'integer' },
    primary: ['app', 'user', 'hash'],
    short: true,
  },
  {
    name: 'stream_tickets',
    columns: { hash: 'text', app: 'text', user: 'text', expires_at: 'integer', ends_at: 'integer?' },
    primary: ['hash'],
    short: true,
    indexes: [['app', 'user'], ['expires_at']],
  },
];

/** The streams of people, and the tickets by which browsers open them. */
export const streams: Migration = {
  name: '0006-streams',
  statements: (engine) => tables.flatMap((table) => tableSql(engine, table)),
};
