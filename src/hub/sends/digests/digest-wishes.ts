/** By which ways a digest that waits would go now, and of what the person does not want to hear there. */
import type { AcceptedNotification } from '../../notifications/decide-input.ts';
import { type HopDecision, isLiving, isUnreachable } from '../../notifications/decision.ts';
import { isMeantByDevices } from '../../notifications/meant-by-devices.ts';
import type { Channel } from '../../words/channel.ts';
import { channelsOf, type Facts } from '../facts/facts.ts';
import { type DecisionRow, isOpen } from '../rows/decision-rows.ts';
import { decideFor, type StepParts } from '../step-people.ts';
import { type DigestWay, wayKey } from './digest-ways.ts';
import type { How } from './next-digest.ts';

/** One that waits, or that a carrier has; or a device that has come since the digest was made. */
export interface WayNow extends DigestWay {
  /** Absent: nothing was decided about it yet. */
  readonly row?: DecisionRow;
}

export interface Wishes {
  /** Of what the digest is not to tell any more. */
  readonly unwanted: ReadonlyMap<string, How>;
  readonly ways: readonly WayNow[];
  /** Those by which not the same is wanted: the digest does not go on by them. */
  readonly others: ReadonlySet<WayNow>;
}

export interface WishesParts extends StepParts {
  /** What deciding about a person depends on now, where plans have these channels. */
  readonly factsOf: (app: string, user: string, channels: ReadonlySet<Channel>) => Promise<Facts | undefined>;
}

export interface AskedAbout {
  readonly digest: AcceptedNotification;
  /** Everything that was decided about it. */
  readonly rows: readonly DecisionRow[];
  readonly user: string;
  /** Of what it may still tell. */
  readonly notifications: readonly AcceptedNotification[];
}

type Unwanted = ReadonlyMap<string, How>;

export const isUnderWay = ({ state, due_row: waits }: DecisionRow): boolean => isOpen(state) && waits === null;
export const isWaiting = ({ state, due_row: waits }: DecisionRow): boolean => isOpen(state) && waits !== null;

/** As everything that was held is asked about again. */
export async function wishesAbout(parts: WishesParts, asked: AskedAbout): Promise<Wishes> {
  const { digest, rows, user, notifications } = asked;
  const policy = parts.policyOf(digest.app);
  const channels = new Set([digest, ...notifications].flatMap((each) => [...channelsOf(each, policy)]));
  const facts = await parts.factsOf(digest.app, user, channels);
  if (!facts) return { unwanted: new Map(), ways: [], others: new Set() };
  const toGo = waysToGo(decideFor({ notification: digest, facts, presence: 'offline' }, parts), rows);
  const underWay = rows.filter(isUnderWay).map(wayOf);
  const unwantedBy = new Map([...toGo, ...underWay].map((way) => [way, new Map<string, How>()]));
  for (const { digest: _, ...notification } of notifications) {
    const only = isMeantByDevices(notification, user) ? notification.to.devices : undefined;
    const decisions = decideFor({ notification, facts, presence: 'offline', only, asDigest: true }, parts);
    for (const [way, unwanted] of unwantedBy) {
      const [one, ...more] = decisions.filter((decision) => leavesBy(way, decision));
      if (one && [one, ...more].every(isUnwanted))
        unwanted.set(notification.id, { state: one.state, reason: one.reason });
    }
  }
  return { ways: [...unwantedBy.keys()], ...divided(unwantedBy, toGo, underWay) };
}

const wayOf = (row: DecisionRow): WayNow => ({ channel: row.channel, device: row.device, row });

/** Where the device of one that waits is gone it goes to those that there are, and no others are decided about again. */
function waysToGo(decisions: readonly HopDecision[], rows: readonly DecisionRow[]): readonly WayNow[] {
  const known = new Map(rows.map((row) => [wayKey(row), row]));
  const waiting = new Set(rows.filter(isWaiting).map(({ channel }) => channel));
  return decisions.flatMap((decision): WayNow[] => {
    const { channel, device = '' } = decision;
    if (!waiting.has(channel)) return [];
    const row = known.get(wayKey(decision));
    if (row) return isWaiting(row) ? [wayOf(row)] : [];
    return isLiving(decision) ? [{ channel, device }] : [];
  });
}

const leavesBy = (way: DigestWay, { channel, device }: HopDecision): boolean =>
  way.channel === channel && (device === undefined || way.device === device);

const isUnwanted = ({ state, reason }: HopDecision): boolean =>
  state === 'suppressed' && reason !== undefined && !isUnreachable(reason);

/** It goes on by those of which least is unwanted. What a carrier has may come back, and is then to tell of all that is wanted there. */
function divided(
  unwantedBy: ReadonlyMap<WayNow, Unwanted>,
  toGo: readonly WayNow[],
  underWay: readonly WayNow[],
): Pick<Wishes, 'unwanted' | 'others'> {
  const by = (way: WayNow): Unwanted => unwantedBy.get(way) ?? new Map();
  const together = toGo.filter((way) =>
    underWay.every((other) => [...by(way).keys()].every((id) => by(other).has(id))),
  );
  const unwanted = together.map(by).reduce<Unwanted | undefined>((a, b) => (a && a.size <= b.size ? a : b), undefined);
  const namesOf = (of: Unwanted | undefined): string => JSON.stringify([...(of?.keys() ?? [])]);
  const others = toGo.filter((way) => !together.includes(way) || namesOf(by(way)) !== namesOf(unwanted));
  return { unwanted: unwanted ?? new Map(), others: new Set(others) };
}
