import type { Migration } from './migrate.ts';
import { type HubEngine, type TableShape, tableSql } from './table-sql.ts';

const tables: readonly TableShape[] = [
  {
    name: 'incidents',
    columns: {
      app: 'text',
      id: 'text',
      status: 'text',
      phase: 'text',
      severity: 'text?',
      service: 'text?',
      cycle: 'integer',
      state: 'text',
      rev: 'integer',
      created_at: 'integer',
      updated_at: 'integer',
    },
    primary: ['app', 'id'],
    indexes: [['app', 'created_at', 'id']],
  },
  {
    name: 'incident_people',
    columns: { app: 'text', incident: 'text', user: 'text' },
    primary: ['app', 'incident', 'user'],
    short: true,
    indexes: [['app', 'user', 'incident']],
  },
  {
    name: 'incident_entries',
    columns: { app: 'text', incident: 'text', place: 'integer', at: 'integer', doc: 'text' },
    primary: ['app', 'incident', 'place'],
  },
  {
    name: 'incident_events',
    columns: { app: 'text', hash: 'text', at: 'integer' },
    primary: ['app', 'hash'],
    short: true,
    indexes: [['at']],
  },
  {
    name: 'escalations',
    columns: { app: 'text', name: 'text', doc: 'text', rev: 'integer', created_at: 'integer', updated_at: 'integer' },
    primary: ['app', 'name'],
  },
];

const text = (engine: HubEngine): string => (engine === 'postgres' ? 'TEXT COLLATE "C"' : 'TEXT');

/** Incidents with their timelines, escalations; what a notification is about, and why it is over. */
export const incidents: Migration = {
  name: '0007-incidents',
  statements: (engine) => [
    `ALTER TABLE "notifications" ADD COLUMN "about" ${text(engine)}`,
    `ALTER TABLE "notifications" ADD COLUMN "ended" ${text(engine)}`,
    'CREATE INDEX "notifications_app_about" ON "notifications" ("app", "about") WHERE "about" IS NOT NULL',
    ...tables.flatMap((shape) => tableSql(engine, shape)),
  ],
};
