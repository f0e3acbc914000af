/**
 * Most people of a notification to very many have set nothing, and have one device like the others: what is decided about one of them is
 * decided about all, but for the id of the device. It is decided once for each kind of them. So it is for people of several notifications
 * that say other things and are alike in all that decides.
 */
import { slotBefore } from '../../analytics/slot.ts';
import type { AcceptedNotification, Ended, PresenceState } from '../../notifications/decide-input.ts';
import type { HopDecision } from '../../notifications/decision.ts';
import type { Advanced } from '../advance-person.ts';
import { isDigest } from '../digests/digest-id.ts';
import type { Facts } from '../facts/facts.ts';

/** What a step of a person depends on. */
interface AnyPerson {
  readonly notification: AcceptedNotification;
  readonly user: string;
  readonly facts: Facts;
  readonly kept: readonly object[];
  readonly recipient?: object | undefined;
  readonly presence: PresenceState;
  readonly only?: readonly string[] | undefined;
  readonly ended?: Ended | undefined;
  readonly again?: boolean;
  readonly openDigests?: ReadonlyMap<string, number>;
  readonly asDigest?: boolean;
}

/** One step of one person. */
export interface PersonStepped<Person> {
  readonly person: Person;
  readonly decisions: readonly HopDecision[];
  readonly advanced: Advanced;
  /** The step of another one, which this is alike but for the person and the device; absent: none. */
  readonly like?: PersonStepped<Person>;
}

/** Everything that differs between people who can be alike. */
function kindOf({ presence, facts: { person, devices } }: AnyPerson): string {
  const own = `${presence}\n${person?.timezone ?? ''}`;
  const [device] = devices;
  if (!device) return own;
  const { platform, kind, status, enabled, timezone } = device;
  return `${own}\n${platform}\n${kind}\n${status}\n${enabled}\n${timezone ?? ''}`;
}

const isEmpty = (object: object): boolean => {
  for (const _ in object) return false;
  return true;
};

/** Nothing that is decided depends on who it is, but what `kindOf` and the settings tell. */
function isUsual({ notification, facts, ...rest }: AnyPerson): boolean {
  const { person, devices, addresses, usage, records, settings } = facts;
  if (rest.kept.length > 0 || rest.recipient || rest.only || rest.ended || rest.again || rest.asDigest) return false;
  if (rest.openDigests || records || usage.length > 0 || !isEmpty(addresses) || !isEmpty(settings.devices))
    return false;
  if ((notification.to.devices ?? []).length > 0) return false;
  if (!person || person.unreadable || person.email || person.phone || person.slack) return false;
  return devices.length === 0 || (devices.length === 1 && !devices[0]?.settings && !devices[0]?.unreadable);
}

/** What no decision depends on. */
const SAYS: ReadonlySet<string> = new Set([
  'id',
  'title',
  'message',
  'url',
  'image',
  'data',
  'created_at',
] as const satisfies readonly (keyof AcceptedNotification)[]);

/** The same for notifications that are alike in all that decides, and are counted together; of one that asks for more itself. */
function likenessOf(notification: AcceptedNotification): string | AcceptedNotification {
  const { app, id, type, priority, created_at: at } = notification;
  if (isDigest(id)) return notification;
  for (const name in notification) {
    if (SAYS.has(name) || name === 'app' || name === 'type' || name === 'priority') continue;
    if (name !== 'to' || !isByUsers(notification.to)) return notification;
  }
  return `${app}\n${type}\n${priority}\n${slotBefore(at)}`;
}

function isByUsers(to: AcceptedNotification['to']): boolean {
  for (const name in to) if (name !== 'users') return false;
  return true;
}

/** By settings, which those who have set nothing share, and kind. */
type KnownSteps<Person> = Map<Facts['settings'], Map<string, PersonStepped<Person>>>;

/** Of one moment: people of whatever notifications. */
export class UsualSteps<Person extends AnyPerson> {
  readonly #step: (person: Person) => PersonStepped<Person>;
  readonly #all = new Map<string | AcceptedNotification, KnownSteps<Person>>();
  /** Those of the last notification. */
  #known: KnownSteps<Person> = new Map();
  #notification: AcceptedNotification | undefined;

  /** @param step decides about a person by themselves */
  constructor(step: (person: Person) => PersonStepped<Person>) {
    this.#step = step;
  }

  step(person: Person): PersonStepped<Person> {
    if (!isUsual(person)) return this.#step(person);
    if (person.notification !== this.#notification) {
      this.#notification = person.notification;
      const likeness = likenessOf(person.notification);
      this.#known = this.#all.get(likeness) ?? new Map();
      this.#all.set(likeness, this.#known);
    }
    const { settings } = person.facts;
    const kinds = this.#known.get(settings) ?? new Map<string, PersonStepped<Person>>();
    this.#known.set(settings, kinds);
    const kind = kindOf(person);
    const like = kinds.get(kind);
    if (like) return likeThat(like, person);
    const first = this.#step(person);
    kinds.set(kind, first);
    return first;
  }
}

function likeThat<Person extends AnyPerson>(like: PersonStepped<Person>, person: Person): PersonStepped<Person> {
  const { user, facts, notification } = person;
  const { id } = notification;
  const device = facts.devices[0]?.id ?? '';
  const { put, leave, ...others } = like.advanced;
  const own = put.map((row) => ({ ...row, notification: id, user, device: row.device === '' ? '' : device }));
  return {
    person,
    decisions: like.decisions.map((each) => (each.device === undefined ? each : { ...each, device })),
    advanced: { ...others, put: own, leave: leave.map((row) => own[put.indexOf(row)] as (typeof own)[0]) },
    like,
  };
}
