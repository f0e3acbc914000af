import type { Migration } from './migrate.ts';

/** Indexes of columns that are mostly NULL: those rows need no entry. */
const sparse = [
  ['users', 'email_hash'],
  ['users', 'phone_hash'],
  ['users', 'slack_hash'],
  ['notifications', 'cancel_key'],
  ['notifications', 'collapse_key'],
] as const;

const sparseIndexes = sparse.flatMap(([table, column]) => [
  `DROP INDEX IF EXISTS "${table}_app_${column}"`,
  `CREATE INDEX "${table}_app_${column}" ON "${table}" ("app", "${column}") WHERE "${column}" IS NOT NULL`,
]);

/** By person only what waits is looked for: an entry for each decision would be a page of its own to write, twice for each push. */
const waiting = [
  'DROP INDEX "decisions_app_user_state"',
  'CREATE INDEX "decisions_app_user" ON "decisions" ("app", "user") WHERE "due_row" IS NOT NULL',
];

/**
 * How many rows share the first columns of an index, one number for each column, in a store that is large. SQLite knows nothing of its
 * rows and takes each first column for selective: with `app` first it would read all rows of an app where an index has the few.
 * By index as SQLite calls it; that of a primary key within the table's own tree is called as the table.
 */
const shared: readonly (readonly [table: string, index: string, shared: string])[] = [
  ['users', 'sqlite_autoindex_users_1', '1000000 1'],
  ['user_roles', 'user_roles', '1000000 2 1'],
  ['user_roles', 'user_roles_app_role_user', '1000000 50000 1'],
  ['user_teams', 'user_teams', '1000000 2 1'],
  ['user_teams', 'user_teams_app_team_user', '1000000 1000 1'],
  ['settings', 'sqlite_autoindex_settings_1', '1000000 1'],
  ['devices', 'sqlite_autoindex_devices_1', '1000000 1'],
  ['devices', 'sqlite_autoindex_devices_2', '1000000 1 1 1 1'],
  ['devices', 'devices_app_status_status_at', '1000000 300000 10'],
  ['device_users', 'device_users', '1000000 1 1'],
  ['device_users', 'device_users_app_user_device', '1000000 2 1'],
  ['device_topics', 'device_topics', '1000000 3 1'],
  ['device_topics', 'device_topics_app_topic_device', '1000000 10000 1'],
  ['topic_users', 'topic_users', '1000000 10000 1'],
  ['topic_users', 'topic_users_app_user_topic', '1000000 3 1'],
  ['notifications', 'sqlite_autoindex_notifications_1', '100000 1'],
  ['notifications', 'notifications_app_created_at_id', '100000 2 1'],
  ['recipients', 'recipients', '1000000 1000 1'],
  ['recipients', 'recipients_app_user_place', '1000000 20 1'],
  ['decisions', 'decisions', '1000000 1000 3 2 1 1'],
  ['decisions', 'decisions_app_user', '1000000 5'],
  ['handovers', 'sqlite_autoindex_handovers_1', '10000 1'],
  ['handovers', 'handovers_app_notification', '10000 50'],
  ['engagements', 'engagements', '1000000 1000 2 2 1 1'],
  ['engagements', 'engagements_app_user', '1000000 20'],
  ['engagements', 'engagements_app_at', '1000000 5'],
  ['opt_outs', 'opt_outs', '100000 2 2 1'],
  ['digest_items', 'sqlite_autoindex_digest_items_1', '100000 1'],
  ['digest_items', 'digest_items_app_user_key_at', '100000 10 5 1'],
  ['usage', 'usage', '1000000 10 5 3 1'],
  ['due', 'due_due_at', '10'],
  ['due', 'due_app_kind_ref', '100000 50000 1'],
  ['idempotency', 'sqlite_autoindex_idempotency_1', '100000 10000 5000 5000 1'],
  ['audit', 'audit_app_at', '1000000 5'],
  ['audit', 'audit_app_target', '1000000 5'],
];

const ROWS = 1_000_000;

const statistics = [
  // Makes the table of statistics: of a table with few rows.
  'ANALYZE "meta"',
  'DELETE FROM sqlite_stat1',
  `INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ${shared
    .map(([table, index, counts]) => `('${table}', '${index}', '${ROWS} ${counts}')`)
    .join(', ')}`,
  'ANALYZE sqlite_schema',
];

/** What is asked for every send and every device is found by the index that it has. */
export const plans: Migration = {
  name: '0005-plans',
  statements: (engine) => [...sparseIndexes, ...waiting, ...(engine === 'sqlite' ? statistics : [])],
};
