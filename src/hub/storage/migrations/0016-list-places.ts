import type { Migration } from './migrate.ts';

/** The order of lists, newest first: clocks are set back. What was there before is ordered by its clock, in slots as places have. */
const withPlace = (table: 'notifications' | 'incidents', engine: 'sqlite' | 'postgres'): string[] => [
  `ALTER TABLE "${table}" ADD COLUMN "place" ${engine === 'postgres' ? 'BIGINT' : 'INTEGER'} NOT NULL DEFAULT 0`,
  `UPDATE "${table}" SET "place" = "created_at" * 4096`,
  `DROP INDEX "${table}_app_created_at_id"`,
  `CREATE INDEX "${table}_app_place_id" ON "${table}" ("app", "place", "id")`,
];

const statistics = [
  `INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('notifications', 'notifications_app_place_id', '1000000 100000 1 1')`,
  'ANALYZE sqlite_schema',
];

export const listPlaces: Migration = {
  name: '0016-list-places',
  statements: (engine) => [
    ...withPlace('notifications', engine),
    ...withPlace('incidents', engine),
    ...(engine === 'sqlite' ? statistics : []),
  ],
};
