import type { Migration } from './migrate.ts';

/** What carries a decision now: what becomes of anything that carried it before changes it no more. */
export const decisionBatch: Migration = {
  name: '0008-decision-batch',
  statements: (engine) => [
    `ALTER TABLE "decisions" ADD COLUMN "batch" ${engine === 'postgres' ? 'TEXT COLLATE "C"' : 'TEXT'}`,
  ],
};
