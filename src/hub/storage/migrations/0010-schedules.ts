import type { Migration } from './migrate.ts';
import { type TableShape, tableSql } from './table-sql.ts';

const tables: readonly TableShape[] = [
  {
    name: 'schedules',
    columns: {
      app: 'text',
      id: 'text',
      doc: 'text',
      anchor: 'integer',
      next_at: 'integer?',
      last_at: 'integer?',
      last_notification: 'text?',
      rev: 'integer',
      created_at: 'integer',
      updated_at: 'integer',
    },
    primary: ['app', 'id'],
  },
  {
    name: 'schedule_people',
    columns: { app: 'text', schedule: 'text', user: 'text' },
    primary: ['app', 'schedule', 'user'],
    short: true,
    indexes: [['app', 'user', 'schedule']],
  },
];

/** What is sent again and again, and to whom. */
export const schedules: Migration = {
  name: '0010-schedules',
  statements: (engine) => tables.flatMap((table) => tableSql(engine, table)),
};
