import type { Migration } from './migrate.ts';

/** How many processes ended while they had a timer in hand. Hardly any row has such a count. */
export const dueDeaths: Migration = {
  name: '0014-due-deaths',
  statements: () => [
    'ALTER TABLE "due" ADD COLUMN "deaths" INTEGER NOT NULL DEFAULT 0',
    'CREATE INDEX "due_deaths" ON "due" ("due_at") WHERE "deaths" >= 2',
  ],
};
