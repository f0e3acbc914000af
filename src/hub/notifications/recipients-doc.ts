import { checked, flag, type Reader, setOf, shape } from '../../kit/json/readers.ts';
import { id } from '../words/id.ts';

/** Whom a notification is for: all of them together, each person once, without `except`. */
export interface RecipientsDoc {
  readonly users?: readonly string[];
  readonly teams?: readonly string[];
  readonly roles?: readonly string[];
  readonly topics?: readonly string[];
  /** Just these devices, by push. */
  readonly devices?: readonly string[];
  readonly everyone?: boolean;
  readonly except?: readonly string[];
}

const MOST_PEOPLE = 20_000;
const MOST_GROUPS = 1000;

const people = setOf(id, MOST_PEOPLE);
const groups = setOf(id, MOST_GROUPS);

/** Who is sent to; `except` alone is no one. */
const NAMED = ['users', 'teams', 'roles', 'topics', 'devices'] as const;

export const recipients: Reader<RecipientsDoc> = checked(
  shape({
    users: people,
    teams: groups,
    roles: groups,
    topics: groups,
    devices: people,
    everyone: flag,
    except: people,
  }),
  (to, at, faults) => {
    if (to.everyone === true || NAMED.some((name) => to[name]?.length)) return to;
    faults.push({ path: at, reason: `names no one: give ${NAMED.join(', ')} or "everyone": true` });
    return undefined;
  },
);
