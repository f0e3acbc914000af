/**
 * From decisions that leave to batches of the carrier: targets with the same payload go together, a device that several people have
 * on purpose gets one push for all of them. The rows that find the decisions again are written in the transaction that decides; the
 * batches leave after its commit.
 */
import type { Notification } from '../../push/push.ts';
import { addressOf, type PersonDoc } from '../people/person.ts';
import { addressHash } from '../people/person-rows.ts';
import type { HubBatch } from '../push/push-carrier.ts';
import type { HubDb, HubSeal } from '../storage/storage.ts';
import { type AddressedChannel, type Channel, isAddressed } from '../words/channel.ts';
import type { HandedBatch } from './outcomes/handed-batches.ts';
import { type HandedTarget, type Handover, insertHandovers } from './rows/handover-rows.ts';
import type { Leaving } from './step-people.ts';

/** One target, with the people that it stands for. */
export interface Parcel {
  readonly first: Leaving;
  /** The token, a subscription's JSON, or an address. */
  readonly target: string;
  readonly users: readonly string[];
}

export interface HandOverParts {
  readonly seal: HubSeal;
  /** Of this run of this process. */
  readonly instance: string;
  readonly newBatch: () => string;
  /** What goes to the carrier for a parcel, but for its target; the same for two parcels when they can go together. */
  readonly render: (parcel: Parcel) => Notification;
  readonly now: number;
}

export interface HandedOver {
  readonly batch: HubBatch;
  readonly held: HandedBatch;
}

/** Targets a batch: a slice of the relay's lanes, and what one row holds. */
const MOST_TARGETS = 1000;

/** Writes the handovers of what leaves; the stream's part needs none. */
export async function handOver(tx: HubDb, leaving: readonly Leaving[], parts: HandOverParts): Promise<HandedOver[]> {
  const parcels = parcelsOf(leaving.filter(({ row }) => row.channel !== 'realtime'));
  const groups = new Map<string, { readonly notification: Notification; readonly parcels: Parcel[] }>();
  for (const parcel of parcels) {
    const notification = parts.render(parcel);
    const { row } = parcel.first;
    const key = JSON.stringify([row.app, row.notification, row.hop, row.channel, notification]);
    const group = groups.get(key);
    if (group && group.parcels.length < MOST_TARGETS) {
      group.parcels.push(parcel);
      continue;
    }
    if (group) groups.set(`${key} ${groups.size}`, group);
    groups.set(key, { notification, parcels: [parcel] });
  }
  const handed = [...groups.values()].map(({ notification, parcels: some }) => batchOf(notification, some, parts));
  await insertHandovers(
    tx,
    handed.map(({ handover }) => handover),
  );
  return handed;
}

/** Of pushes one a device, of everything else one a person. */
function parcelsOf(leaving: readonly Leaving[]): Parcel[] {
  const byDevice = new Map<string, { first: Leaving; target: string; users: string[] }>();
  for (const each of leaving) {
    const { row, device, user } = each;
    const key = JSON.stringify([row.app, row.notification, row.hop, row.channel, device?.id ?? `user ${user}`]);
    const known = byDevice.get(key);
    if (known) known.users.push(user);
    else byDevice.set(key, { first: each, target: targetOf(each), users: [user] });
  }
  return [...byDevice.values()].map((parcel) => ({ ...parcel, users: inOrder(parcel) }));
}

/** People of one device in the order in which they were named there. */
function inOrder({ first: { device }, users }: Parcel): readonly string[] {
  return device ? device.users.filter((user) => users.includes(user)) : users;
}

const targetOf = ({ device, facts, row: { channel } }: Leaving): string =>
  device ? device.target() : (addressOf(facts.person as unknown as PersonDoc, channel as AddressedChannel) ?? '');

function batchOf(
  notification: Notification,
  parcels: readonly Parcel[],
  { seal, instance, newBatch, now }: HandOverParts,
): HandedOver & { readonly handover: Handover } {
  const [{ first }] = parcels as [Parcel];
  const { app, notification: id, hop, channel } = first.row;
  const batch = newBatch();
  const targets = new Map(parcels.map((parcel) => [parcel.target, handedTarget(seal, parcel)]));
  const { expires_at: expires } = first.notification;
  return {
    batch: {
      ...{ batch, app, notification: { ...notification, app, tokens: [...targets.keys()] } },
      ...(expires === undefined ? {} : { expiresAt: Date.parse(expires) }),
    },
    held: { app, batch, notification: id, hop, channel, targets, awaitsVerdict: false },
    handover: { app, batch, notification: id, hop, channel, instance, at: now, targets: [...targets.values()] },
  };
}

function handedTarget(seal: HubSeal, { first: { row, device }, target, users }: Parcel): HandedTarget {
  const { app, channel } = row;
  const hash = targetHash(seal, { app, channel }, target);
  return { hash, device: device?.id ?? '', rev: device?.tokenRev ?? 0, users };
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
