import type { LaneId } from './lane-id.ts';
import type { Notification, TargetForm, TargetKind } from './push.ts';

/** Targets of one kind of one notification. */
export interface TargetGroup {
  readonly kind: TargetKind;
  readonly targets: readonly string[];
  /** Their places among all targets of the notification; absent: one after another, behind those of the groups before. */
  readonly places?: readonly number[];
  /** The lane that they take; absent: that of the notification. */
  readonly lane?: LaneId;
}

/** Whom a notification of a platform is sent to; a part of its provider's row. */
export interface TargetRules extends TargetForm {
  /**
   * `target`: `topic` and `condition` are pushes of their own, before those to the tokens. `field`: `topic` is a field of each
   * push (APNs' bundle id). `none`: both are ignored.
   */
  readonly topic: 'target' | 'field' | 'none';
  /** Targets in addition to `tokens` and `to`, all of one kind; the same ones each time it is asked. Default: none. */
  moreTargets?(notification: Notification): TargetGroup;
}

/** Of a platform that there is not. */
export const UNKNOWN_TARGETS: TargetRules = { topic: 'target' };

const more = (notification: Notification, { moreTargets }: TargetRules): TargetGroup | undefined => {
  const group = moreTargets?.(notification);
  return group && group.targets.length > 0 ? group : undefined;
};

/**
 * Whom a notification is sent to. `to` is one more token. Where `topic` is a target, a topic or a condition is a push of its own,
 * sent before those to the tokens, as Gorush does. (Both at once go out as one push with two targets, which the provider's
 * payload refuses with Google's own words.)
 */
export function targetsOf(notification: Notification, rules: TargetRules): TargetGroup[] {
  const { to, topic, condition } = notification;
  const tokens = to ? [...notification.tokens, to] : notification.tokens;
  const groups: TargetGroup[] = [];
  if (rules.topic === 'target') {
    if (topic) groups.push({ kind: 'topic', targets: [topic] });
    else if (condition) groups.push({ kind: 'condition', targets: [condition] });
  }
  if (tokens.length > 0) groups.push({ kind: 'token', targets: tokens });
  const others = more(notification, rules);
  if (others) groups.push(others);
  return groups;
}

/** Pushes that the groups of one notification make: each target gets an outcome. */
export const targetCount = (groups: readonly TargetGroup[]): number =>
  groups.reduce((sum, { targets }) => sum + targets.length, 0);

/** What Gorush counts: tokens, and one for a topic on any platform; a condition alone is not counted. */
export const countOf = (notification: Notification, rules: TargetRules): number =>
  notification.tokens.length +
  (notification.to ? 1 : 0) +
  (notification.topic ? 1 : 0) +
  (more(notification, rules)?.targets.length ?? 0);

/**
 * The tokens of some groups, divided by the lane that each takes; places stay those among all targets of the notification. A
 * group whose targets all take one lane is left whole.
 */
export function dividedByLane(groups: readonly TargetGroup[], laneOf: (target: string) => LaneId): TargetGroup[] {
  let offset = 0;
  return groups.flatMap((group) => {
    const { kind, targets } = group;
    const start = offset;
    offset += targets.length;
    const lanes = new Map<string, { readonly lane: LaneId; readonly targets: string[]; readonly places: number[] }>();
    for (const [index, target] of targets.entries()) {
      const lane = laneOf(target);
      const part = lanes.get(lane.key) ?? { lane, targets: [], places: [] };
      lanes.set(lane.key, part);
      part.targets.push(target);
      part.places.push(group.places?.[index] ?? start + index);
    }
    return [...lanes.values()].map((part) => ({ kind, ...part }));
  });
}
