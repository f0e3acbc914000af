import { builtIn } from '../../../providers/registry.ts';
import type { JsonObject, Notification } from '../../../push/push.ts';

/** What a device is to take away. */
export interface Clearing {
  /** The last of those that were read. */
  readonly notifications: readonly string[];
  readonly unread: number;
  /** Of a device that several people share: whose they are. The number on its icon is not that of one person. */
  readonly user?: string | undefined;
}

/** Flat texts, as all data of the hub: FCM takes no others. */
const dataOf = ({ notifications, unread, user }: Clearing): JsonObject => ({
  clear: unread === 0 ? 'all' : 'read',
  unread: String(unread),
  ...(notifications[0] === undefined ? {} : { notification_id: notifications[0] }),
  ...(notifications.length > 1 ? { notification_ids: JSON.stringify(notifications) } : {}),
  ...(user === undefined ? {} : { user_id: user }),
});

type Make = (data: JsonObject, badge: object) => object;

/** A badge is seen, so Apple calls the push an alert, and with priority 5 it waits for a good moment; the app is woken as well. */
const quiet = { priority: 'normal', content_available: true };

/** Platforms whose apps hear of a push that shows nothing. A browser would show one of its own, ntfy shows all. */
const makers: Readonly<Record<string, Make>> = {
  ios: (data, badge) => ({ ...quiet, ...badge, data }),
  android: (data) => ({ priority: 'normal', data }),
  huawei: (data) => ({ priority: 'normal', huawei_data: JSON.stringify(data) }),
  expo: (data, badge) => ({ ...quiet, ...badge, data }),
};

export const canClear = (platform: string): boolean => Object.hasOwn(makers, platform);

/** The relay notification, without tokens. @param topic of APNs */
export function clearPush(
  { platform, environment }: { readonly platform: string; readonly environment: string },
  clearing: Clearing,
  topic: string,
): Notification {
  const badge = clearing.user === undefined ? { badge: clearing.unread } : {};
  const isIos = platform === 'ios';
  return {
    platform: builtIn.ofPlatform(platform)?.number,
    tokens: [],
    ...makers[platform]?.(dataOf(clearing), badge),
    ...(isIos ? { topic } : {}),
    ...(isIos && environment !== '' ? { [environment]: true } : {}),
  } as unknown as Notification;
}
