import type { Delivery, Notification, TargetKind } from '../push/push.ts';

/**
 * Makes what all targets of a notification share (its payload) once, though they go out in many deliveries: slices of a large
 * one, single targets under a rate limit, retries. One that goes out whole is not remembered.
 */
export function builtOnce<Built extends object>(
  build: (notification: Notification, kind: TargetKind) => Built,
): (delivery: Delivery) => Built {
  const known = new WeakMap<Notification, Map<TargetKind, Built>>();
  return ({ notification, kind, targets, attempt }) => {
    if (targets.length >= notification.tokens.length && attempt === 0) return build(notification, kind);
    const kinds = known.get(notification) ?? new Map<TargetKind, Built>();
    known.set(notification, kinds);
    const built = kinds.get(kind) ?? build(notification, kind);
    kinds.set(kind, built);
    return built;
  };
}
