import type { Migration } from './migrate.ts';
import { tableSql } from './table-sql.ts';

/** Tokens that are registered under a secret, and belong to no one: there is no column that could say whose they are, or since when. */
export const pushTopics: Migration = {
  name: '0003-push-topics',
  statements: (engine) =>
    tableSql(engine, {
      name: 'push_topics',
      columns: {
        app: 'text',
        id: 'text',
        platform: 'text',
        kind: 'text',
        environment: 'text',
        token_hash: 'text',
        target: 'text',
        expires_at: 'integer',
      },
      primary: ['app', 'id'],
      short: true,
      indexes: [['app', 'token_hash'], ['expires_at']],
    }),
};
