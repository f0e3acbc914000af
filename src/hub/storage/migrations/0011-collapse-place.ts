import type { Migration } from './migrate.ts';

/** Which of the notifications with one collapse key is the later one: clocks of hosts differ, and are set back. */
export const collapsePlace: Migration = {
  name: '0011-collapse-place',
  statements: (engine) => [
    `ALTER TABLE "notifications" ADD COLUMN "collapse_place" ${engine === 'postgres' ? 'BIGINT' : 'INTEGER'}`,
    'UPDATE "notifications" SET "collapse_place" = "created_at" WHERE "collapse_key" IS NOT NULL',
    'DROP INDEX "notifications_app_collapse_key"',
    'CREATE INDEX "notifications_app_collapse_key" ON "notifications" ("app", "collapse_key", "collapse_place") WHERE "collapse_key" IS NOT NULL',
  ],
};
