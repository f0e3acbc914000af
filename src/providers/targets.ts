import type { Notification } from '../push/push.ts';
import { type TargetGroup, targetsOf, UNKNOWN_TARGETS } from '../push/targets.ts';
import type { ProviderTable } from './registry.ts';

/** Whom a notification is sent to, by the rules of its platform. */
export const targetGroups = (notification: Notification, providers: ProviderTable): TargetGroup[] =>
  targetsOf(notification, providers.numbered(notification.platform)?.requests ?? UNKNOWN_TARGETS);
