import { DEFAULT_APP } from '../push/app-name.ts';
import type { LaneId } from '../push/lane-id.ts';
import type {
  Environment,
  Failed,
  Notification,
  PlatformName,
  Provider,
  Settlement,
  TargetKind,
} from '../push/push.ts';
import { countOf, dividedByLane, type TargetGroup, type TargetRules, targetCount, targetsOf } from '../push/targets.ts';
import type { QueuedRequest, QueueEntry } from '../queue/queue.ts';
import { placeInRequest, requestFacts } from './request-facts.ts';

/** The lane of a notification. */
export interface LaneRoute {
  readonly app: string;
  readonly platform: PlatformName;
  readonly rules: TargetRules;
  /** The lane of a target, where targets say where they are sent; absent: all take `lane`. */
  readonly laneOf?: ((target: string) => LaneId) | undefined;
  readonly lane: LaneId;
  readonly provider: Provider;
  readonly environment: Environment;
  /** Most targets of one notification that go out before others of the lane have their turn. */
  readonly slice: number;
}

/** Why a notification takes no lane. */
export interface NoRoute {
  readonly app: string;
  /** Empty for a number that no platform has. */
  readonly platform: PlatformName | '';
  readonly rules: TargetRules;
  readonly refused: Failed;
}

export type Route = LaneRoute | NoRoute;

/** What a request comes to: entries of the queue, and what failed before it. */
export interface Plan {
  readonly entries: QueueEntry[];
  readonly refused: Settlement[];
  /** The providers of notifications without a target; undefined: no lane took it. */
  readonly untargeted: (Provider | undefined)[];
  /** Their places in the request; undefined: there are none. */
  withoutTargets: number[] | undefined;
  /** As Gorush counts. */
  counts: number;
  /** What of it is of which app, but for `default`; undefined: all is of that one. */
  appCounts: Map<string, number> | undefined;
}

const URGENT_LEVELS = new Set(['time-sensitive', 'critical']);

const isUrgent = (n: Notification): boolean =>
  n.priority === 'high' || n.push_type === 'voip' || URGENT_LEVELS.has(n.interruption_level ?? '');

/** Notifications without a target that an answer names. */
const MOST_TOLD = 20;

/** Finds the lane of each notification. @param since monotonic milliseconds at which the request was accepted */
export function planRequest(
  request: QueuedRequest,
  notifications: readonly Notification[],
  route: (notification: Notification) => Route,
  since: number,
): Plan {
  const plan: Plan = {
    entries: [],
    refused: [],
    untargeted: [],
    withoutTargets: undefined,
    counts: 0,
    appCounts: undefined,
  };
  for (const [index, notification] of notifications.entries()) {
    const to = route(notification);
    const groups = targetsOf(notification, to.rules);
    if (groups.length === 0) {
      plan.untargeted.push('refused' in to ? undefined : to.provider);
      plan.withoutTargets = [...(plan.withoutTargets ?? []), index].slice(0, MOST_TOLD);
    }
    if ('refused' in to) {
      plan.refused.push(...refusal(request, index, notification, groups, to));
      continue;
    }
    count(plan, to.app, countOf(notification, to.rules));
    if (groups.length > 0) plan.entries.push(entryOf(request, index, notification, groups, to, since));
  }
  return plan;
}

/** Targets that each get an outcome. */
export const sizeOf = ({ entries, refused }: Plan): number =>
  entries.reduce((sum, { open }) => sum + open, 0) + refused.reduce((sum, { targets }) => sum + targets.length, 0);

function count(plan: Plan, app: string, pushes: number): void {
  plan.counts += pushes;
  if (pushes === 0 || app === DEFAULT_APP) return;
  plan.appCounts ??= new Map();
  plan.appCounts.set(app, (plan.appCounts.get(app) ?? 0) + pushes);
}

/** Targets of one settlement: as many as the largest batch of a lane has. */
const SLICE = 1000;

function entryOf(
  request: QueuedRequest,
  index: number,
  notification: Notification,
  groups: readonly TargetGroup[],
  { rules, laneOf, ...to }: LaneRoute,
  since: number,
): QueueEntry {
  return {
    request,
    index,
    ...to,
    targetForm: rules,
    notification,
    groups: laneOf ? dividedByLane(groups, laneOf) : groups,
    urgent: isUrgent(notification),
    since,
    open: targetCount(groups),
    key: 0,
    cost: 0,
  };
}

/** A notification that no lane takes: one failure for each target. */
function refusal(
  request: QueuedRequest,
  index: number,
  notification: Notification,
  groups: readonly TargetGroup[],
  { app, platform, rules, refused }: NoRoute,
): Settlement[] {
  const total = targetCount(groups);
  const settled = (kind: TargetKind, targets: readonly string[]): Settlement => ({
    ...requestFacts(request),
    app,
    platform,
    provider: undefined,
    environment: 'production',
    notification,
    index: placeInRequest(request, index),
    kind,
    targets,
    targetForm: rules,
    total,
    outcomes: targets.map(() => refused),
    attempts: 0,
    timing: { acceptedAt: request.acceptedAt, ageMs: 0 },
  });
  return groups.flatMap(({ kind, targets }) => slicesOf(targets).map((slice) => settled(kind, slice)));
}

function slicesOf(targets: readonly string[]): readonly (readonly string[])[] {
  if (targets.length <= SLICE) return [targets];
  const count = Math.ceil(targets.length / SLICE);
  return Array.from({ length: count }, (_, i) => targets.slice(i * SLICE, (i + 1) * SLICE));
}
