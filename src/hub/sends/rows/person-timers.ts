import type { HubDb } from '../../storage/storage.ts';

/** Of a notification, by `personRefs`. */
export interface PersonTimers {
  readonly app: string;
  readonly kinds: readonly string[];
  readonly from: string;
  readonly to: string;
}

/** Timers by which people of a notification are looked at, of some kinds. */
export const personTimers = (db: HubDb, { app, kinds, from, to }: PersonTimers) =>
  db.selectFrom('due').where('app', '=', app).where('kind', 'in', kinds).where('ref', '>=', from).where('ref', '<', to);
