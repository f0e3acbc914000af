/**
 * Whether what was handed over a while ago may still go where it was to go: it was not cancelled meanwhile, the device is the person's
 * and has the token that the push was made for, the address is the one that they have now.
 */
import { openTarget } from '../../devices/device-rows.ts';
import type { PushQuestion } from '../../push/push-carrier.ts';
import type { HubDb, HubSeal, HubStore } from '../../storage/storage.ts';
import { readableOf } from '../../storage/unreadable.ts';
import { targetHash } from '../hand-over.ts';
import { type CarriedBy, handedFor, handedTo, SUPERSEDED } from '../rows/decision-rows.ts';
import { findHandover, type HandedTarget, type Handover, takeHandover } from '../rows/handover-rows.ts';
import type { HandedBatches } from './handed-batches.ts';

export interface StillWantedParts {
  readonly store: Pick<HubStore, 'db' | 'seal' | 'write'>;
  readonly batches: HandedBatches;
  /** Of this run of this process. */
  readonly instance: string;
}

/** One answer for each target of the question; a batch of which nothing is known is not wanted. */
export async function stillWanted(
  { store, batches, instance }: StillWantedParts,
  { app, batch, targets }: PushQuestion,
): Promise<boolean[]> {
  const { db, seal } = store;
  const held = batches.get(app, batch);
  const handover = held ? undefined : await claimed(store, app, batch, instance);
  const about = held ?? handover;
  if (!about) return targets.map(() => false);
  const byHash = new Map(handover?.targets.map((each) => [each.hash, each]));
  const asked = targets.map((target) =>
    held ? held.targets.get(target) : byHash.get(targetHash(seal, about, target)),
  );
  const wanted = await wantedOf(
    db,
    seal,
    about,
    asked.filter((each) => each !== undefined),
  );
  return asked.map((each) => each !== undefined && wanted.has(each.hash));
}

/** Who asks has it in the queue: it is taken from the instance that handed it over, so that no other one sends it too. */
async function claimed(
  store: Pick<HubStore, 'db' | 'write'>,
  app: string,
  batch: string,
  instance: string,
): Promise<Handover | undefined> {
  const handover = await findHandover(store.db, app, batch);
  if (!handover || handover.instance === instance) return handover;
  const isOurs = await store.write((tx) => takeHandover(tx, handover, instance));
  return isOurs ? handover : findHandover(store.db, app, batch);
}

/** Hashes of those that are open for someone who still has the target. */
async function wantedOf(
  db: HubDb,
  seal: HubSeal,
  about: CarriedBy,
  targets: readonly HandedTarget[],
): Promise<ReadonlySet<string>> {
  if (targets.length === 0) return new Set();
  const open = await openFor(db, about, targets);
  const devices = targets.map(({ device }) => device).filter((device) => device !== '');
  const current = devices.length > 0 ? await tokensOf(db, seal, about, devices) : await addressesOf(db, about, open);
  return new Set(
    targets
      .filter(({ hash, device, users }) =>
        users.some((user) => open.has(user) && current.has(JSON.stringify([hash, device, user]))),
      )
      .map(({ hash }) => hash),
  );
}

/** People of whom a decision is still pending. */
async function openFor(db: HubDb, about: CarriedBy, targets: readonly HandedTarget[]): Promise<ReadonlySet<string>> {
  const { app, notification } = about;
  const rows = await db
    .selectFrom('decisions')
    .select('user')
    .distinct()
    .where('app', '=', app)
    // Who has read it needs no push about it.
    .where('user', 'not in', (eb) =>
      eb
        .selectFrom('recipients')
        .select('user')
        .where('app', '=', app)
        .where('notification', '=', notification)
        .where('read_at', 'is not', null),
    )
    .where(handedFor(handedTo(about, targets)))
    .where('state', '=', 'pending')
    .where((eb) => eb.or([eb('reason', 'is', null), eb('reason', '!=', SUPERSEDED)]))
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('notifications')
            .select('id')
            .where('app', '=', app)
            .where('id', '=', notification)
            .where((of) => of.or([of('status', '=', 'cancelled'), of('ended', 'is not', null)])),
        ),
      ),
    )
    .execute();
  return new Set(rows.map(({ user }) => user));
}

/** `[hash, device, user]` of devices that are sent to, and whose they are. */
async function tokensOf(
  db: HubDb,
  seal: HubSeal,
  about: CarriedBy,
  devices: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom('devices')
    .innerJoin('device_users', (join) =>
      join.onRef('device_users.app', '=', 'devices.app').onRef('device_users.device', '=', 'devices.id'),
    )
    .selectAll('devices')
    .select('device_users.user')
    .where('devices.app', '=', about.app)
    .where('devices.id', 'in', devices)
    .where('devices.status', '=', 'active')
    .where('devices.enabled', '=', 1)
    .execute();
  return new Set(
    readableOf(rows, ({ user, ...row }) =>
      JSON.stringify([targetHash(seal, about, openTarget(seal, row)), row.id, user]),
    ),
  );
}

/** `[hash, '', user]` of the addresses that people have now. */
async function addressesOf(
  db: HubDb,
  { app, channel }: CarriedBy,
  users: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const column = channel === 'email' ? 'email_hash' : channel === 'sms' ? 'phone_hash' : 'slack_hash';
  if (users.size === 0) return new Set();
  const rows = await db
    .selectFrom('users')
    .select(['id', `${column} as hash`])
    .where('app', '=', app)
    .where('id', 'in', [...users])
    .execute();
  return new Set(rows.map(({ id, hash }) => JSON.stringify([hash, '', id])));
}
