import type { DatabaseSync } from 'node:sqlite';

/** A decision before and after a transaction; undefined: there was, or is, none. */
export interface DecisionChange {
  readonly notification: string;
  readonly user: string;
  readonly hop: number;
  readonly channel: string;
  readonly device: string;
  readonly before: DecisionState | undefined;
  readonly after: DecisionState | undefined;
}

export interface DecisionState {
  readonly state: string;
  readonly reason: string | null;
  readonly due: string | null;
  readonly until: number | null;
}

export interface HandedRow {
  readonly batch: string;
  readonly notification: string;
  readonly hop: number;
  readonly channel: string;
  readonly at: number;
  readonly targets: readonly { readonly device: string; readonly users: readonly string[] }[];
}

export interface Commit {
  readonly decisions: readonly DecisionChange[];
  readonly handed: readonly HandedRow[];
  /** Ids of devices that were called dead. */
  readonly dead: readonly string[];
}

const KEYS = ['notification', 'user', 'hop', 'channel', 'device'];
const VALUES = ['state', 'reason', 'due_row', 'until'];
const columns = (row: string | undefined, names: readonly string[]): string =>
  names.map((name) => (row ? `${row}."${name}"` : 'NULL')).join(', ');

const onDecisions = (event: string, before: 'OLD' | undefined, after: 'NEW' | undefined): string => `
  CREATE TEMP TRIGGER decision_${event} AFTER ${event} ON main.decisions BEGIN
    INSERT INTO decision_log VALUES (NULL, ${columns(after ?? before, KEYS)}, ${before ? 1 : 0}, ${columns(before, VALUES)}, ${after ? 1 : 0}, ${columns(after, VALUES)});
  END;`;

const SETUP = `
  CREATE TEMP TABLE decision_log (n INTEGER PRIMARY KEY, notification, user, hop, channel, device,
    was, was_state, was_reason, was_due, was_until, is_, is_state, is_reason, is_due, is_until);
  CREATE TEMP TABLE other_log (n INTEGER PRIMARY KEY, kind, id);
  ${onDecisions('INSERT', undefined, 'NEW')}
  ${onDecisions('UPDATE', 'OLD', 'NEW')}
  ${onDecisions('DELETE', 'OLD', undefined)}
  CREATE TEMP TRIGGER handed AFTER INSERT ON main.handovers BEGIN
    INSERT INTO other_log VALUES (NULL, 'handed', NEW.batch);
  END;
  CREATE TEMP TRIGGER dead AFTER UPDATE OF status ON main.devices WHEN NEW.status = 'invalid' BEGIN
    INSERT INTO other_log VALUES (NULL, 'dead', NEW.id);
  END;`;

type Row = Record<string, string | number | null>;

const stateOf = (row: Row, when: 'was' | 'is'): DecisionState | undefined =>
  row[when === 'is' ? 'is_' : 'was'] === 1
    ? {
        state: String(row[`${when}_state`]),
        reason: row[`${when}_reason`] as string | null,
        due: row[`${when}_due`] as string | null,
        until: row[`${when}_until`] as number | null,
      }
    : undefined;

/** What each transaction has changed, as triggers see it: the hub does not know that it is watched. */
export class CommitLog {
  readonly #file: DatabaseSync;
  readonly #decisions;
  readonly #others;
  readonly #handed;

  constructor(file: DatabaseSync) {
    this.#file = file;
    file.exec(SETUP);
    this.#decisions = file.prepare('SELECT * FROM decision_log ORDER BY n');
    this.#others = file.prepare('SELECT kind, id FROM other_log ORDER BY n');
    this.#handed = file.prepare('SELECT * FROM handovers WHERE batch = ?');
  }

  /** Since the last call; undefined: nothing. */
  take(): Commit | undefined {
    const rows = this.#decisions.all() as Row[];
    const others = this.#others.all() as { kind: string; id: string }[];
    if (rows.length === 0 && others.length === 0) return undefined;
    this.#file.exec('DELETE FROM decision_log; DELETE FROM other_log');
    const ids = (kind: string): string[] => [
      ...new Set(others.filter((each) => each.kind === kind).map(({ id }) => id)),
    ];
    return {
      decisions: merged(rows),
      handed: ids('handed').flatMap((batch) => this.#handover(batch)),
      dead: ids('dead'),
    };
  }

  #handover(batch: string): HandedRow[] {
    const row = this.#handed.get(batch) as Row | undefined;
    if (!row) return [];
    const { channel, targets } = JSON.parse(String(row.doc)) as Pick<HandedRow, 'channel' | 'targets'>;
    const { notification, hop, handed_at: at } = row;
    return [{ batch, notification: String(notification), hop: Number(hop), channel, at: Number(at), targets }];
  }
}

/** One change for each decision, however often the transaction wrote it. */
function merged(rows: readonly Row[]): DecisionChange[] {
  const changes = new Map<string, DecisionChange>();
  for (const row of rows) {
    const { notification, user, hop, channel, device } = row;
    const key = JSON.stringify([notification, user, hop, channel, device]);
    const known = changes.get(key);
    changes.set(key, {
      ...{ notification: String(notification), user: String(user), hop: Number(hop) },
      ...{ channel: String(channel), device: String(device) },
      before: known ? known.before : stateOf(row, 'was'),
      after: stateOf(row, 'is'),
    });
  }
  return [...changes.values()];
}
