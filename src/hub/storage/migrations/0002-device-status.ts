import type { Migration } from './migrate.ts';

/** How many devices are active, and how many ended lately: asked before tokens are taken for dead. */
export const deviceStatus: Migration = {
  name: '0002-device-status',
  statements: () => ['CREATE INDEX "devices_app_status_status_at" ON "devices" ("app", "status", "status_at")'],
};
