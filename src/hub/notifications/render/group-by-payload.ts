import type { Notification } from '../../../push/push.ts';

/** One push to make. `ref` is the caller's: what hears of its outcome. */
export interface Rendered<Ref> {
  /** Without tokens; the same object for the same payload. */
  readonly notification: Notification;
  readonly target: string;
  readonly ref: Ref;
}

/** A relay notification for several targets, and who hears of each. */
export interface PayloadGroup<Ref> {
  readonly notification: Notification;
  /** In the order of `notification.tokens`; more than one where several people have the device. */
  readonly refs: readonly (readonly Ref[])[];
}

/**
 * Pushes with the same payload as one relay notification with many tokens. A target stands in one of them, once: what is rendered for
 * it again (another of the people who share the device) is heard of by the first.
 * @param most tokens of one notification
 */
export function groupByPayload<Ref>(pushes: Iterable<Rendered<Ref>>, most: number): readonly PayloadGroup<Ref>[] {
  const open = new Map<Notification, { readonly tokens: string[]; readonly refs: Ref[][] }>();
  const places = new Map<string, Ref[]>();
  const groups: PayloadGroup<Ref>[] = [];
  for (const { notification, target, ref } of pushes) {
    const identity = `${notification.platform} ${target}`;
    const place = places.get(identity);
    if (place) {
      place.push(ref);
      continue;
    }
    let group = open.get(notification);
    if (!group || group.tokens.length >= most) {
      group = { tokens: [], refs: [] };
      open.set(notification, group);
      groups.push({ notification: { ...notification, tokens: group.tokens }, refs: group.refs });
    }
    const refs = [ref];
    places.set(identity, refs);
    group.tokens.push(target);
    group.refs.push(refs);
  }
  return groups;
}
