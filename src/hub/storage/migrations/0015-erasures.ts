import type { Migration } from './migrate.ts';

/** Which erasures a notification was accepted before: clocks are set back. 0 and null are of before that was counted. */
export const erasures: Migration = {
  name: '0015-erasures',
  statements: () => [
    'ALTER TABLE "erased" ADD COLUMN "place" INTEGER NOT NULL DEFAULT 0',
    'ALTER TABLE "notifications" ADD COLUMN "erasures" INTEGER',
  ],
};
