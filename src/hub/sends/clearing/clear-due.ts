/** Notices that a person has read elsewhere, and the devices that show them: a timer for each person. */
import type { HubDb } from '../../storage/storage.ts';
import { dueId, setDue } from '../../timers/due-rows.ts';
import { type MarkOwner, pushedTo } from '../marks.ts';

export const CLEAR_DUE = 'clear';

/** What is to be cleared. */
export interface ClearNote {
  readonly devices: readonly string[];
  /** The last ones. */
  readonly notifications: readonly string[];
}

/** A push has room for some ids; beside them it says how many are unread. */
const MOST_IDS = 20;
/** What is read within a moment is cleared together. */
const LATER_MS = 1000;

const clearDue = ({ app, user }: MarkOwner) => ({ app, kind: CLEAR_DUE, ref: JSON.stringify([user]) });

export const userOf = (ref: string): string => (JSON.parse(ref) as [string])[0];

export const noteOf = (data: string): ClearNote => JSON.parse(data) as ClearNote;

export interface ReadOn {
  readonly notifications: readonly string[];
  /** On which device: it knows. */
  readonly device?: string | undefined;
}

/**
 * Notes what was read, in the transaction that marks it.
 * @param now UNIX milliseconds
 * @returns when it is due; undefined: no other device has shown any of it
 */
export async function noteClear(
  tx: HubDb,
  owner: MarkOwner,
  { notifications, device }: ReadOn,
  now: number,
): Promise<number | undefined> {
  const shown = await pushedTo(tx, owner, notifications);
  const others = shown.filter((each) => each.device !== device);
  if (others.length === 0) return undefined;
  const due = clearDue(owner);
  const waiting = await tx.selectFrom('due').select('data').where('id', '=', dueId(due)).executeTakeFirst();
  const before: ClearNote = waiting?.data ? noteOf(waiting.data) : { devices: [], notifications: [] };
  const ids = [...new Set([...before.notifications, ...others.map(({ notification }) => notification)])];
  const note: ClearNote = {
    devices: [...new Set([...before.devices, ...others.map((each) => each.device)])],
    notifications: ids.slice(-MOST_IDS),
  };
  const at = now + LATER_MS;
  await setDue(tx, [{ ...due, at, data: JSON.stringify(note) }]);
  return at;
}
