import { DEFAULT_APP } from '../push/app-name.ts';
import type { LaneId } from '../push/lane-id.ts';
import type { Environment, Failed, Notification, Provider, Settlement, TargetKind } from '../push/push.ts';
import { countOf, targetCount, targetsOf } from '../push/targets.ts';
import type { QueuedRequest, QueueEntry } from '../queue/queue.ts';
import { requestFacts } from './request-facts.ts';

/** The lane of a notification. */
export interface LaneRoute {
  readonly app: string;
  readonly lane: LaneId;
  readonly provider: Provider;
  readonly environment: Environment;
  /** Most targets of one notification that go out before others of the lane have their turn. */
  readonly slice: number;
}

/** Why a notification takes no lane. */
export interface NoRoute {
  readonly app: string;
  readonly refused: Failed;
}

export type Route = LaneRoute | NoRoute;

/** What a request comes to: entries of the queue, and what failed before it. */
export interface Plan {
  readonly entries: QueueEntry[];
  readonly refused: Settlement[];
  /** The providers of notifications without a target; undefined: no lane took it. */
  readonly untargeted: (Provider | undefined)[];
  /** As Gorush counts. */
  counts: number;
  /** What of it is of which app, but for `default`; undefined: all is of that one. */
  appCounts: Map<string, number> | undefined;
}

const URGENT_LEVELS = new Set(['time-sensitive', 'critical']);

const isUrgent = (n: Notification): boolean =>
  n.priority === 'high' || n.push_type === 'voip' || URGENT_LEVELS.has(n.interruption_level ?? '');

/** Finds the lane of each notification. @param since monotonic milliseconds at which the request was accepted */
export function planRequest(
  request: QueuedRequest,
  notifications: readonly Notification[],
  route: (notification: Notification) => Route,
  since: number,
): Plan {
  const plan: Plan = { entries: [], refused: [], untargeted: [], counts: 0, appCounts: undefined };
  for (const [index, notification] of notifications.entries()) {
    const to = route(notification);
    const groups = targetsOf(notification);
    if (groups.length === 0) plan.untargeted.push('refused' in to ? undefined : to.provider);
    if ('refused' in to) {
      plan.refused.push(...refusal(request, index, notification, to));
      continue;
    }
    count(plan, to.app, countOf(notification));
    if (groups.length === 0) continue;
    const open = targetCount(groups);
    const urgent = isUrgent(notification);
    plan.entries.push({ request, index, ...to, notification, groups, urgent, since, open, key: 0 });
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

/** A notification that no lane takes: one failure for each target. */
function refusal(
  request: QueuedRequest,
  index: number,
  notification: Notification,
  { app, refused }: NoRoute,
): Settlement[] {
  const settled = (kind: TargetKind, targets: readonly string[]): Settlement => ({
    ...requestFacts(request),
    app,
    provider: undefined,
    environment: 'production',
    notification,
    index,
    kind,
    targets,
    outcomes: targets.map(() => refused),
    attempts: 0,
    timing: { acceptedAt: request.acceptedAt, ageMs: 0 },
  });
  return targetsOf(notification).flatMap(({ kind, targets }) => slicesOf(targets).map((slice) => settled(kind, slice)));
}

function slicesOf(targets: readonly string[]): readonly (readonly string[])[] {
  if (targets.length <= SLICE) return [targets];
  const count = Math.ceil(targets.length / SLICE);
  return Array.from({ length: count }, (_, i) => targets.slice(i * SLICE, (i + 1) * SLICE));
}
