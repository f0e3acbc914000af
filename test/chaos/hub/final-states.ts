import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';

/** A decision that came to its end, and what it was before. */
export interface Ended {
  readonly notification: string;
  readonly user: string;
  readonly hop: number;
  readonly channel: string;
  readonly device: string;
  readonly state: string;
  /** Its timer before. */
  readonly due: string | null;
}

/** What a scenario asks the store of a hub for, past the hub. */
export interface HubLog {
  /** Every time that a decision came from an open state to a final one. */
  ended(): Promise<readonly Ended[]>;
  /** Notifications by their ids, with their status. */
  statuses(): Promise<ReadonlyMap<string, string>>;
  /** Decisions and batches that have not ended, and how many have. */
  progress(): Promise<{ readonly open: number; readonly ended: number }>;
  close(): Promise<void>;
}

const COLUMNS = 'notification, "user", hop, channel, device, state, due';
const OPEN = "('pending', 'deferred')";
const VALUES = 'NEW.notification, NEW."user", NEW.hop, NEW.channel, NEW.device, NEW.state';
const TABLE = `CREATE TABLE chaos_ended (notification TEXT, "user" TEXT, hop INTEGER, channel TEXT, device TEXT, state TEXT, due TEXT)`;
const EVENTS = [
  { event: 'INSERT', when: `NEW.state NOT IN ${OPEN}`, due: 'NULL' },
  { event: 'UPDATE', when: `OLD.state IN ${OPEN} AND NEW.state NOT IN ${OPEN}`, due: 'OLD.due_row' },
] as const;

type Rows = readonly Record<string, string | number | null>[];

function logOf(ask: (sql: string) => Promise<Rows>, close: () => Promise<void>): HubLog {
  const count = async (sql: string): Promise<number> => Number((await ask(sql))[0]?.count ?? 0);
  return {
    ended: async () => (await ask(`SELECT ${COLUMNS} FROM chaos_ended`)) as unknown as readonly Ended[],
    async statuses() {
      const rows = await ask('SELECT id, status FROM notifications');
      return new Map(rows.map(({ id, status }) => [String(id), String(status)]));
    },
    progress: async () => ({
      open:
        (await count(`SELECT count(*) AS count FROM decisions WHERE state IN ${OPEN}`)) +
        (await count('SELECT count(*) AS count FROM handovers')) +
        (await count("SELECT count(*) AS count FROM due WHERE kind IN ('page', 'digest')")),
      ended: await count('SELECT count(*) AS count FROM chaos_ended'),
    }),
    close,
  };
}

/** Triggers in the store's file: the hub does not know that it is watched. */
export function watchSqlite(path: string): HubLog {
  const db = new DatabaseSync(path, { timeout: 60_000 });
  db.exec(TABLE);
  for (const { event, when, due } of EVENTS)
    db.exec(
      `CREATE TRIGGER chaos_${event} AFTER ${event} ON decisions WHEN ${when} BEGIN INSERT INTO chaos_ended VALUES (${VALUES}, ${due}); END`,
    );
  return logOf(
    async (sql) => db.prepare(sql).all() as Rows,
    async () => db.close(),
  );
}

export async function watchPostgres(url: string): Promise<HubLog> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(TABLE);
  for (const { event, when, due } of EVENTS) {
    await client.query(
      `CREATE FUNCTION chaos_${event}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO chaos_ended VALUES (${VALUES}, ${due}); RETURN NULL; END $$`,
    );
    await client.query(
      `CREATE TRIGGER chaos_${event} AFTER ${event} ON decisions FOR EACH ROW WHEN (${when}) EXECUTE FUNCTION chaos_${event}()`,
    );
  }
  return logOf(
    async (sql) => (await client.query(sql)).rows as Rows,
    () => client.end(),
  );
}
