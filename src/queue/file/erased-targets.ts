/**
 * Takes targets out of requests that a file keeps: in the place of each stands a word that no provider has, so that the places of the
 * others stay what they are. Who reads it again takes it for settled. What was for no one else loses its texts, too: the row may stay
 * until an attempt that had begun is over, and is then deleted when the file has been rewritten already.
 */
import type { DatabaseSync } from 'node:sqlite';
import { isObject } from '../../kit/is-object.ts';
import { DEFAULT_APP } from '../../push/app-name.ts';
import type { QueueEntry } from '../queue.ts';
import { isWithdrawn, type Withdrawal } from '../withdrawal.ts';
import type { JournalRecord } from './journal-record.ts';
import { checkedTrace, checkOf, readCheckedTrace } from './record-check.ts';

export const ERASED = '~erased~';

/** As it stands in the JSON of a request, without quotes. */
const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);

type Fields = Record<string, unknown>;

const TARGETS = ['tokens', 'to', 'subscriptions'];
/** By which the lane and the app of a notification are found. */
const PLACE = ['notif_id', 'platform', 'app', 'topic', 'project_id', 'production', 'development'];
const LEFT = new Set([...TARGETS, ...PLACE]);

/** A request without some targets; undefined: it has none of them, or cannot be read. */
export function withoutTargets(body: Uint8Array, withdrawal: Withdrawal): string | undefined {
  const isOne = (value: unknown): boolean => typeof value === 'string' && isWithdrawn(withdrawal, value);
  const cleared = (value: unknown): unknown => {
    if (isOne(value)) return ERASED;
    return isObject(value) && isOne(value.endpoint) ? { endpoint: ERASED, keys: { p256dh: '', auth: '' } } : value;
  };
  let found = false;
  const request = readable(body);
  for (const notification of request?.notifications ?? []) {
    if ((notification.app || DEFAULT_APP) !== withdrawal.app) continue;
    if (!clear(notification, cleared)) continue;
    found = true;
    if (isForNobody(notification)) keepPlace(notification);
  }
  return found ? JSON.stringify(request) : undefined;
}

/** False: no target of it is changed. */
function clear(notification: Fields, cleared: (value: unknown) => unknown): boolean {
  let found = false;
  for (const field of TARGETS) {
    const before = notification[field];
    if (before === undefined) continue;
    const after = Array.isArray(before) ? before.map(cleared) : cleared(before);
    found ||= Array.isArray(before)
      ? before.some((value, index) => value !== (after as unknown[])[index])
      : after !== before;
    notification[field] = after;
  }
  return found;
}

const isForNobody = (notification: Fields): boolean =>
  TARGETS.flatMap((field) => notification[field] ?? []).every(
    (target) => target === '' || target === ERASED || (isObject(target) && target.endpoint === ERASED),
  );

function keepPlace(notification: Fields): void {
  for (const field of Object.keys(notification)) if (!LEFT.has(field)) delete notification[field];
}

function readable(body: Uint8Array): { readonly notifications?: Fields[] } | undefined {
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch {
    return undefined;
  }
}

const isErased = (target: string): boolean => target === ERASED || target.includes(`"endpoint":"${ERASED}"`);

/** Takes targets out of the requests of a table. Within a transaction. */
export function eraseTargets(db: DatabaseSync, table: 'request' | 'aside', withdrawal: Withdrawal): void {
  const requests = table === 'aside' ? "kind = 'request' AND " : '';
  const columns = 'key, id, app, accepted_at AS acceptedAt, pushes, body, trace AS "column"';
  const find = db.prepare(`SELECT ${columns} FROM ${table} WHERE ${requests}instr(body, ?) > 0`);
  const update = db.prepare(`UPDATE ${table} SET body = ?, trace = ? WHERE ${requests}key = ?`);
  for (const name of withdrawal.names)
    for (const each of find.all(Buffer.from(inJson(name)))) {
      const { body, column, ...row } = each as unknown as ErasableRow;
      const text = withoutTargets(body, withdrawal);
      if (text === undefined) continue;
      const left = Buffer.from(text);
      const { trace, check } = readCheckedTrace(column);
      const wasWhole = check === undefined || check === checkOf({ ...row, trace }, body);
      if (wasWhole) update.run(left, checkedTrace(trace, checkOf({ ...row, trace }, left)), row.key);
      // What was damaged stays so.
      else update.run(left, column, row.key);
    }
}

interface ErasableRow extends Pick<JournalRecord, 'key' | 'id' | 'app' | 'acceptedAt' | 'pushes' | 'body'> {
  readonly column: string | null;
}

/** Places of an entry whose targets were taken out; undefined: there are none. */
export function erasedPlaces({ groups }: QueueEntry): ReadonlySet<number> | undefined {
  const erased = new Set<number>();
  let offset = 0;
  for (const { targets, places } of groups) {
    for (const [index, target] of targets.entries())
      if (isErased(target)) erased.add(places?.[index] ?? offset + index);
    offset += targets.length;
  }
  return erased.size > 0 ? erased : undefined;
}
