/** Reads what deciding about people depends on, for many in a few queries. */
import type { AcceptedNotification, DecideInput } from '../../notifications/decide-input.ts';
import { type AddressVerdicts, TAKEN_STATES } from '../../notifications/decision.ts';
import type { ChannelRecords } from '../../notifications/learned-order.ts';
import { planOf } from '../../notifications/plan.ts';
import type { HubPolicy } from '../../notifications/policy.ts';
import { longestWindow, type UsageEntry } from '../../notifications/throttle.ts';
import { verdictsOf } from '../../people/addresses.ts';
import { type KnownPerson, knownPeople } from '../../people/known-people.ts';
import { optOutsOf } from '../../people/opt-outs.ts';
import { effectiveSettings } from '../../settings/settings.ts';
import { settingsOf } from '../../settings/settings-book.ts';
import type { HubDb, HubSeal } from '../../storage/storage.ts';
import { type AddressedChannel, addressed, type Channel, isAddressed } from '../../words/channel.ts';
import type { UserRange } from '../../words/user-range.ts';
import { type DeviceOfPerson, devicesOfPeople } from './devices-of-people.ts';
import { NeedsSerializable } from './needs-serializable.ts';

/** What deciding about a person depends on, beside the notification and the moment. */
export interface Facts extends Pick<DecideInput, 'settings' | 'addresses' | 'optOuts' | 'usage' | 'records'> {
  readonly person: KnownPerson | undefined;
  readonly devices: readonly DeviceOfPerson[];
}

export interface FactsParts {
  readonly db: HubDb;
  readonly seal: HubSeal;
  /** UNIX milliseconds. */
  readonly now: number;
  readonly staleAfterMs: number;
  /** Devices stay whose they are until the transaction is over, for one that is not serializable; what else may not change is refused. */
  readonly lock?: boolean;
}

export interface FactsAsked {
  readonly app: string;
  /** Those that plans have: what no channel asks for is not read. */
  readonly channels: ReadonlySet<Channel>;
  readonly policy: HubPolicy;
  /** The people are all that there are between two; what is found of others is left out. */
  readonly range?: UserRange | undefined;
}

/** The channels that a notification may go by. */
export const channelsOf = (
  notification: Pick<AcceptedNotification, 'priority' | 'channels' | 'mode' | 'plan'>,
  policy: HubPolicy,
): ReadonlySet<Channel> => new Set(planOf(notification, policy).map(({ channel }) => channel));

const NO_OPT_OUTS: NonNullable<DecideInput['optOuts']> = [];

/**
 * Of these people; who is not known has no `person`.
 * @throws NeedsSerializable where devices are to be locked, and it depends on what people got before
 */
export async function factsOf(
  { db, seal, now, staleAfterMs, lock = false }: FactsParts,
  { app, channels, policy, range }: FactsAsked,
  users: readonly string[],
): Promise<ReadonlyMap<string, Facts>> {
  if (users.length === 0) return new Map();
  if (lock && isLimited(policy, channels)) throw new NeedsSerializable();
  const withAddresses = [...channels].some(isAddressed);
  const persons = await knownPeople(db, seal, { app, ids: users, range, withAddresses });
  const settings = await settingsOf(db, app, users, range);
  // Without a push, too: quiet hours and local times may be in the zone of the device that was seen last.
  const devices = await devicesOfPeople(db, seal, { app, users, range, now, staleAfterMs, lock });
  const addresses = withAddresses ? await addressesOf(db, seal, app, [...persons.values()]) : undefined;
  const optOuts = withAddresses ? await optOutsOf(db, app, users) : undefined;
  const usage = await usageOf(db, app, users, policy, channels, now);
  const records = policy.learnChannels ? await recordsOf(db, app, users, now) : undefined;
  // Most people have set nothing.
  const usual = effectiveSettings(policy.defaults);
  return new Map(
    users.map((user) => {
      const own = settings.get(user);
      return [
        user,
        {
          person: persons.get(user),
          settings: own ? effectiveSettings(policy.defaults, own.doc, own.snooze) : usual,
          devices: devices.get(user) ?? [],
          addresses: addresses?.get(user) ?? {},
          optOuts: optOuts?.get(user) ?? NO_OPT_OUTS,
          usage: usage.get(user) ?? [],
          ...(records ? { records: records.get(user) ?? {} } : {}),
        },
      ];
    }),
  );
}

async function addressesOf(
  db: HubDb,
  seal: HubSeal,
  app: string,
  persons: readonly KnownPerson[],
): Promise<Map<string, AddressVerdicts>> {
  const verdicts = await verdictsOf(db, seal, app, persons);
  return new Map(
    persons.map(({ id }, index) => {
      const own = verdicts[index] ?? {};
      const byChannel = addressed.flatMap((channel: AddressedChannel) => {
        const status = own[channel]?.status;
        return status === undefined ? [] : [[channel, status] as const];
      });
      return [id, Object.fromEntries(byChannel) as AddressVerdicts];
    }),
  );
}

const limited = new WeakMap<HubPolicy, ReadonlySet<string>>();

/** Channels that a limit is about, so that the others need not be counted. */
function limitedBy(policy: HubPolicy): ReadonlySet<string> {
  const known = limited.get(policy);
  if (known) return known;
  const { channels, types } = policy.limits;
  const all = [channels, ...Object.values(types)].flatMap((each) => Object.entries(each));
  const found = new Set(all.filter(([, limits]) => (limits?.length ?? 0) > 0).map(([channel]) => channel));
  limited.set(policy, found);
  return found;
}

const isLimited = (policy: HubPolicy, channels: ReadonlySet<Channel>): boolean =>
  !limitedBy(policy).isDisjointFrom(channels);

async function usageOf(
  db: HubDb,
  app: string,
  users: readonly string[],
  policy: HubPolicy,
  channels: ReadonlySet<Channel>,
  now: number,
): Promise<Map<string, UsageEntry[]>> {
  const usage = new Map<string, UsageEntry[]>();
  if (!isLimited(policy, channels)) return usage;
  const rows = await db
    .selectFrom('usage')
    .selectAll()
    .where('app', '=', app)
    .where('user', 'in', users)
    .where('at', '>', now - longestWindow(policy.limits))
    .execute();
  for (const { user, type, channel, at, count } of rows)
    usage.set(user, [...(usage.get(user) ?? []), { type, channel: channel as Channel, at, count }]);
  return usage;
}

/** How far back a channel's failures matter. */
const LEARNED_MS = 30 * 86_400_000;

/** How often each channel has worked and failed for people lately. */
async function recordsOf(
  db: HubDb,
  app: string,
  users: readonly string[],
  now: number,
): Promise<Map<string, ChannelRecords>> {
  const rows = await db
    .selectFrom('recipients')
    .innerJoin('decisions', (join) =>
      join
        .onRef('decisions.app', '=', 'recipients.app')
        .onRef('decisions.notification', '=', 'recipients.notification')
        .onRef('decisions.user', '=', 'recipients.user'),
    )
    .select((eb) => ['decisions.user', 'channel', 'state', eb.fn.countAll<number>().as('count')])
    .where('recipients.app', '=', app)
    .where('recipients.user', 'in', users)
    .where('state', 'in', [...TAKEN_STATES, 'failed'])
    .where('at', '>', now - LEARNED_MS)
    .groupBy(['decisions.user', 'channel', 'state'])
    .execute();
  const found = new Map<string, Partial<Record<Channel, { worked: number; failed: number }>>>();
  for (const { user, channel, state, count } of rows) {
    const own = found.get(user) ?? {};
    const { worked, failed } = own[channel as Channel] ?? { worked: 0, failed: 0 };
    const isFailure = state === 'failed';
    own[channel as Channel] = {
      worked: worked + (isFailure ? 0 : Number(count)),
      failed: failed + (isFailure ? Number(count) : 0),
    };
    found.set(user, own);
  }
  return found;
}

/** Whether what leaves by a channel is to be counted, for a limit that is about it. */
export const isCounted = (policy: HubPolicy, channel: string): boolean => limitedBy(policy).has(channel);

/** Counts what has left, once for each person and channel. */
export async function countUsage(
  tx: HubDb,
  app: string,
  { type, at }: { readonly type: string; readonly at: number },
  left: readonly { readonly user: string; readonly channel: string }[],
): Promise<void> {
  const once = new Map(left.map((each) => [JSON.stringify([each.user, each.channel]), each]));
  for (const { user, channel } of once.values())
    await tx
      .insertInto('usage')
      .values({ app, user, type, channel, at, count: 1 })
      .onConflict((conflict) =>
        conflict
          .columns(['app', 'user', 'channel', 'type', 'at'])
          .doUpdateSet((eb) => ({ count: eb('usage.count', '+', 1) })),
      )
      .execute();
}
