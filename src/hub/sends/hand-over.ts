/**
 * From decisions that leave to batches of the carrier: targets with the same payload go together, a device that several people have
 * on purpose gets one push for all of them. The rows that find the decisions again are written in the transaction that decides; the
 * batches leave after its commit.
 */
import type { Notification } from '../../push/push.ts';
import type { AcceptedNotification } from '../notifications/decide-input.ts';
import { addressOf } from '../people/person.ts';
import { addressHash } from '../people/person-rows.ts';
import type { HubBatch } from '../push/push-carrier.ts';
import type { HubSeal } from '../storage/storage.ts';
import { type AddressedChannel, type Channel, isAddressed } from '../words/channel.ts';
import { isToOne } from './audience/audience.ts';
import type { Facts } from './facts/facts.ts';
import type { HandedBatch } from './outcomes/handed-batches.ts';
import type { HandedTarget, Handover } from './rows/handover-rows.ts';
import type { Leaving } from './step-people.ts';

/** One target, with the people that it stands for. */
export interface Parcel {
  readonly first: Leaving;
  /** The token, a subscription's JSON, or an address. */
  readonly target: string;
  readonly users: readonly string[];
  /** The decisions that it carries out. */
  readonly rows: readonly Leaving['row'][];
}

export interface HandOverParts {
  readonly seal: HubSeal;
  /** Of this run of this process. */
  readonly instance: string;
  readonly newBatch: () => string;
  /** Makes what goes to the carrier, but for its targets: the very same object for parcels that can go together. */
  readonly rendererOf: RendererOf;
  readonly now: number;
}

/** What renders the parcels of one notification. */
export type RendererOf = (notification: AcceptedNotification) => (parcel: Parcel) => Notification;

export interface HandedOver {
  readonly batch: HubBatch;
  readonly held: HandedBatch;
  readonly handover: Handover;
  /** The decisions that it carries out. */
  readonly rows: readonly Leaving['row'][];
  /** It is about something that may be settled meanwhile: that is asked once more when it leaves. */
  readonly mayEnd: boolean;
}

/** Targets a batch: a slice of the relay's lanes, and what one row holds. */
const MOST_TARGETS = 1000;

/** Batches of what leaves; the stream's part needs none. */
export function batchesOf(leaving: readonly Leaving[], parts: HandOverParts): HandedOver[] {
  const parcels = parcelsOf(leaving.filter(({ row }) => row.channel !== 'realtime'));
  const groups = grouped(parcels, parts.rendererOf);
  return groups.map(({ notification, parcels: some }) => batchOf(notification, some, parts));
}

interface Group {
  readonly notification: Notification;
  readonly parcels: Parcel[];
}

/** Those with the same payload, of one hop of one notification. */
function grouped(parcels: readonly Parcel[], rendererOf: RendererOf): Group[] {
  const groups: Group[] = [];
  for (const some of ofOneHop(parcels)) {
    const [{ first }] = some as [Parcel];
    const render = rendererOf(first.notification);
    const open = new Map<Notification, Group>();
    for (const parcel of some) {
      const notification = render(parcel);
      const group = open.get(notification);
      if (group && group.parcels.length < MOST_TARGETS) group.parcels.push(parcel);
      else {
        const next = { notification, parcels: [parcel] };
        open.set(notification, next);
        groups.push(next);
      }
    }
  }
  return groups;
}

/** Parted by hop of one notification. Few of them alternate: whatever comes behind its like is found without a key. */
function ofOneHop(parcels: readonly Parcel[]): Iterable<Parcel[]> {
  const all = new Map<string, Parcel[]>();
  let last: Leaving['row'] | undefined;
  let same: Parcel[] = [];
  for (const parcel of parcels) {
    const { row } = parcel.first;
    if (!last || !isSameHop(row, last)) {
      const key = JSON.stringify([row.app, row.notification, row.hop, row.channel]);
      same = all.get(key) ?? [];
      all.set(key, same);
    }
    last = row;
    same.push(parcel);
  }
  return all.values();
}

const isSameHop = (a: Leaving['row'], b: Leaving['row']): boolean =>
  a.notification === b.notification && a.hop === b.hop && a.channel === b.channel && a.app === b.app;

/** Of pushes one a device, of everything else one an address: what several people share gets one for all of them. */
function parcelsOf(leaving: readonly Leaving[]): Parcel[] {
  const byTarget = new Map<string, Parcel & { readonly users: string[]; readonly rows: Leaving['row'][] }>();
  const parcels: Parcel[] = [];
  for (const each of leaving) {
    const { row, device, user } = each;
    // A device with one owner is met once.
    const isAlone = device?.users.length === 1;
    const target = targetOf(each);
    const key = isAlone ? '' : JSON.stringify([row.app, row.notification, row.hop, row.channel, device?.id ?? target]);
    const known = isAlone ? undefined : byTarget.get(key);
    if (known) {
      known.users.push(user);
      known.rows.push(row);
      continue;
    }
    const parcel = { first: each, target, users: [user], rows: [row] };
    parcels.push(parcel);
    if (!isAlone) byTarget.set(key, parcel);
  }
  return byTarget.size === 0 ? parcels : parcels.map((parcel) => ({ ...parcel, users: inOrder(parcel) }));
}

/** People of one device in the order in which they were named there. */
function inOrder({ first: { device }, users }: Parcel): readonly string[] {
  return device ? device.users.filter((user) => users.includes(user)) : users;
}

const addressOfPerson = (person: Facts['person'], channel: AddressedChannel): string =>
  (person && addressOf(person, channel)) ?? '';

const targetOf = ({ device, facts, row: { channel } }: Leaving): string =>
  device ? device.target() : addressOfPerson(facts.person, channel as AddressedChannel);

function batchOf(
  notification: Notification,
  parcels: readonly Parcel[],
  { seal, instance, newBatch, now }: HandOverParts,
): HandedOver {
  const [{ first }] = parcels as [Parcel];
  const { app, notification: id, hop, channel } = first.row;
  const batch = newBatch();
  const targets = new Map(parcels.map((parcel) => [parcel.target, handedTarget(seal, parcel)]));
  const rows = parcels.flatMap((parcel) => parcel.rows);
  const { expires_at: expires, about, to, type, created_at } = first.notification;
  return {
    mayEnd: about !== undefined,
    batch: {
      ...{ batch, app, notification: { ...notification, app, tokens: [...targets.keys()] } },
      ...(expires === undefined ? {} : { expiresAt: Date.parse(expires) }),
    },
    held: {
      ...{ app, batch, notification: id, hop, channel, dueAt: first.dueAt, targets },
      ...{
        isToOne: isToOne(to),
        about: { type, created_at },
        awaitsVerdict: false,
        isLast: parcels.length === 1 && first.isLast,
        platform: platformOf(rows),
      },
    },
    handover: {
      ...{ app, batch, notification: id, hop, channel, instance, at: now, dueAt: first.dueAt },
      targets: [...targets.values()],
    },
    rows,
  };
}

/** That of all of them. */
function platformOf(rows: readonly Leaving['row'][]): HandedBatch['platform'] {
  const { platform = null } = rows[0] as Leaving['row'];
  return rows.every((row) => (row.platform ?? null) === platform) ? platform : undefined;
}

function handedTarget(seal: HubSeal, { first: { row, device }, target, users }: Parcel): HandedTarget {
  const { app, channel } = row;
  const hash = targetHash(seal, { app, channel }, target);
  const facts = { hash, device: device?.id ?? '', rev: device?.tokenRev ?? 0, users };
  return device?.isSuspect ? { ...facts, suspect: true } : facts;
}

/** What a target is known by in handovers. */
export const targetHash = (
  seal: HubSeal,
  { app, channel }: Pick<Handover, 'app' | 'channel'>,
  target: string,
): string =>
  isAddressed(channel as Channel)
    ? addressHash(seal, app, channel as AddressedChannel, target)
    : seal.hash('target', app, target);
