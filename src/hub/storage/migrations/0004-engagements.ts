import type { Migration } from './migrate.ts';
import { type TableShape, tableSql } from './table-sql.ts';

const tables: readonly TableShape[] = [
  {
    name: 'engagements',
    columns: {
      app: 'text',
      notification: 'text',
      user: 'text',
      device: 'text',
      event: 'text',
      action: 'text',
      at: 'integer',
      type: 'text',
      channel: 'text',
      platform: 'text',
    },
    primary: ['app', 'notification', 'user', 'device', 'event', 'action'],
    short: true,
    indexes: [
      ['app', 'user'],
      ['app', 'at'],
    ],
  },
  {
    name: 'opt_outs',
    columns: { app: 'text', user: 'text', channel: 'text', type: 'text', at: 'integer', source: 'text' },
    primary: ['app', 'user', 'channel', 'type'],
    short: true,
  },
];

/** What people did with what they were sent, and the types that they do not want by a channel any more. */
export const engagements: Migration = {
  name: '0004-engagements',
  statements: (engine) => tables.flatMap((shape) => tableSql(engine, shape)),
};
