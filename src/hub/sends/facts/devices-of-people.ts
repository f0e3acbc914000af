/** The devices of people, with everyone whose they are: one question for many people. */
import { openTarget } from '../../devices/device-rows.ts';
import { isSpent, suspicionIn } from '../../devices/suspicion.ts';
import type { DeviceFacts, DeviceKind } from '../../notifications/decide-input.ts';
import type { DeviceSettings } from '../../settings/settings.ts';
import { prepared } from '../../storage/prepared.ts';
import type { HubDb, HubSeal } from '../../storage/storage.ts';
import type { UserRange } from '../../words/user-range.ts';

/** A device of a person, with what sending to it needs. */
export interface DeviceOfPerson extends DeviceFacts {
  /** Everyone whose it is, in the order in which they were named. */
  readonly users: readonly string[];
  readonly environment: string;
  readonly tokenRev: number;
  /** Its provider called it dead, which was not believed: it gets one push. */
  readonly isSuspect: boolean;
  /** The token, or the JSON of a subscription. */
  target(): string;
}

interface OfPeople {
  readonly app: string;
  readonly users: readonly string[];
}

const ofApp = (db: HubDb, app: string) =>
  db
    .selectFrom('device_users as mine')
    .innerJoin('devices', (join) => join.onRef('devices.app', '=', 'mine.app').onRef('devices.id', '=', 'mine.device'))
    .innerJoin('device_users as all', (join) =>
      join.onRef('all.app', '=', 'mine.app').onRef('all.device', '=', 'mine.device'),
    )
    .select([
      ...(['devices.id', 'platform', 'kind', 'environment', 'status', 'enabled', 'locale', 'timezone'] as const),
      ...(['devices.settings', 'last_seen_at', 'token_rev', 'target', 'suspect'] as const),
      ...(['mine.user', 'all.user as owner', 'all.place'] as const),
    ])
    .where('mine.app', '=', app)
    .where('devices.status', '!=', 'invalid');

const ofPeople = (db: HubDb, { app, users }: OfPeople) => ofApp(db, app).where('mine.user', 'in', users);

const find = prepared(ofPeople);
const findBetween = prepared((db, { app, from, to }: UserRange & { readonly app: string }) =>
  ofApp(db, app).where('mine.user', '>=', from).where('mine.user', '<=', to),
);
const findLocked = prepared((db, asked: OfPeople) => ofPeople(db, asked).forShare(['mine', 'devices']));

type Found = Awaited<ReturnType<typeof find>>[number];

interface DevicesAsked extends OfPeople {
  /** They are all that there are between two: their devices are found without their names. */
  readonly range?: UserRange | undefined;
  /** UNIX milliseconds. */
  readonly now: number;
  readonly staleAfterMs: number;
  readonly lock?: boolean;
}

/** By person; of each in the order of their ids. Dead ones are left out, and suspected ones that had their one push. */
export async function devicesOfPeople(
  db: HubDb,
  seal: HubSeal,
  { app, users, range, now, staleAfterMs, lock = false }: DevicesAsked,
): Promise<ReadonlyMap<string, readonly DeviceOfPerson[]>> {
  const rows = await (range && !lock
    ? findBetween(db, { app, ...range })
    : (lock ? findLocked : find)(db, { app, users }));
  const people = new Map<string, Map<string, [Found, ...Found[]]>>();
  for (const row of rows) {
    const suspicion = suspicionIn(row.suspect);
    if (suspicion && isSpent(suspicion, now)) continue;
    const own = people.get(row.user) ?? new Map<string, [Found, ...Found[]]>();
    people.set(row.user, own);
    const shared = own.get(row.id);
    if (shared) shared.push(row);
    else own.set(row.id, [row]);
  }
  const found = new Map<string, readonly DeviceOfPerson[]>();
  for (const [user, own] of people) {
    const devices = [...own.values()].map((owners) => deviceOf(app, owners, seal, now - staleAfterMs));
    found.set(user, devices.length > 1 ? devices.sort((a, b) => (a.id < b.id ? -1 : 1)) : devices);
  }
  return found;
}

function deviceOf(app: string, owners: [Found, ...Found[]], seal: HubSeal, staleBefore: number): DeviceOfPerson {
  const [row] = owners;
  const isStale = row.status === 'active' && row.last_seen_at < staleBefore;
  return {
    id: row.id,
    users: owners.length === 1 ? [row.owner] : owners.toSorted((a, b) => a.place - b.place).map(({ owner }) => owner),
    platform: row.platform,
    kind: row.kind as DeviceKind,
    environment: row.environment,
    status: isStale ? 'stale' : (row.status as DeviceFacts['status']),
    enabled: row.enabled === 1,
    ...(row.locale === null ? {} : { locale: row.locale }),
    ...(row.timezone === null ? {} : { timezone: row.timezone }),
    ...(row.settings === '{}' ? {} : { settings: JSON.parse(row.settings) as DeviceSettings }),
    last_seen_at: row.last_seen_at,
    tokenRev: row.token_rev,
    isSuspect: row.suspect !== null,
    target: () => openTarget(seal, { app, id: row.id, target: row.target }),
  };
}
