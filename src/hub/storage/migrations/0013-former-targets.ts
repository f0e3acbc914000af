import type { Migration } from './migrate.ts';
import { type TableShape, tableSql } from './table-sql.ts';

const formerTargets: TableShape = {
  name: 'former_targets',
  columns: { app: 'text', user: 'text', hash: 'text', target: 'text', at: 'integer' },
  primary: ['app', 'user', 'hash'],
  indexes: [['at']],
};

/** Tokens that people had: what was sent to them may still lie in queues and histories when the person is erased. */
export const formerTargetsTable: Migration = {
  name: '0013-former-targets',
  statements: (engine) => tableSql(engine, formerTargets),
};
