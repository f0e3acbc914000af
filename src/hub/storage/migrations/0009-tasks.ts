import type { Migration } from './migrate.ts';
import { type TableShape, tableSql } from './table-sql.ts';

const tables: readonly TableShape[] = [
  {
    name: 'tasks',
    columns: {
      app: 'text',
      id: 'text',
      state: 'text',
      doc: 'text',
      said_at: 'integer',
      rev: 'integer',
      created_at: 'integer',
      updated_at: 'integer',
    },
    primary: ['app', 'id'],
  },
  {
    name: 'task_people',
    columns: { app: 'text', user: 'text', role: 'text', task: 'text' },
    primary: ['app', 'task', 'user'],
    short: true,
    indexes: [['app', 'user', 'role', 'task']],
  },
  {
    name: 'task_told',
    columns: { app: 'text', user: 'text', kind: 'text', date: 'text' },
    primary: ['app', 'user', 'kind'],
    short: true,
  },
];

/** Tasks, whose they are, and of what people have heard today. */
export const tasks: Migration = {
  name: '0009-tasks',
  statements: (engine) => tables.flatMap((table) => tableSql(engine, table)),
};
