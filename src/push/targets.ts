import type { Notification, TargetKind } from './push.ts';

/** Targets of one kind of one notification. */
export interface TargetGroup {
  readonly kind: TargetKind;
  readonly targets: readonly string[];
}

/**
 * Whom a notification is sent to. `to` is one more token. On iOS `topic` is the bundle id; on Android and Huawei a topic or a
 * condition is a push of its own, sent before those to the tokens, as Gorush does. (Both at once go out as one push with two
 * targets, which the provider's payload refuses with Google's own words.)
 */
export function targetsOf(notification: Notification): TargetGroup[] {
  const { to, topic, condition, platform } = notification;
  const tokens = to ? [...notification.tokens, to] : notification.tokens;
  const groups: TargetGroup[] = [];
  if (platform !== 1) {
    if (topic) groups.push({ kind: 'topic', targets: [topic] });
    else if (condition) groups.push({ kind: 'condition', targets: [condition] });
  }
  if (tokens.length > 0) groups.push({ kind: 'token', targets: tokens });
  return groups;
}

/** Pushes that the groups of one notification make: each target gets an outcome. */
export const targetCount = (groups: readonly TargetGroup[]): number =>
  groups.reduce((sum, { targets }) => sum + targets.length, 0);

/** What Gorush counts: tokens, and one for a topic on any platform; a condition alone is not counted. */
export const countOf = ({ tokens, to, topic }: Notification): number => tokens.length + (to ? 1 : 0) + (topic ? 1 : 0);
