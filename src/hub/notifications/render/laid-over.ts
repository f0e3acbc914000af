import { mergePatch } from '../../../kit/json/merge-patch.ts';
import type { JsonObject, Notification } from '../../../push/push.ts';
import type { Channel } from '../../words/channel.ts';
import { BESIDE, flat, type OverridePlatform } from '../overrides-doc.ts';
import { type ContentSources, isHidden, withOurs } from './content.ts';
import { neutralOverride, redactedOverride } from './redacted.ts';

/** What the sender has written for a platform, as far as the channel may carry it. */
function overrideFor({ notification }: ContentSources, channel: Channel, platform: OverridePlatform): JsonObject {
  const own = notification.overrides?.[platform];
  if (!own) return {};
  if (isHidden(notification, channel)) return neutralOverride(own);
  return redactedOverride(own, notification.redact?.[channel] ?? []);
}

/**
 * A relay notification with the sender's fields for its platform laid over it: Gorush's three have them in the notification, the
 * others in an object of the platform's name. Objects are merged; the names that the hub has put into `data` stay.
 */
export function laidOver(
  sources: ContentSources,
  channel: Channel,
  platform: OverridePlatform,
  base: Notification,
): Notification {
  const override = overrideFor(sources, channel, platform);
  if (Object.keys(override).length === 0) return base;
  const isFlat = (flat as readonly string[]).includes(platform);
  const isTop = (name: string): boolean => isFlat || BESIDE.includes(name);
  const top = Object.fromEntries(Object.entries(override).filter(([name]) => isTop(name)));
  const own = Object.fromEntries(Object.entries(override).filter(([name]) => !isTop(name)));
  const laid = mergePatch(base, isFlat ? top : { ...top, [platform]: own }) as Notification;
  return laid.data && base.data ? { ...laid, data: withOurs(laid.data, base.data) } : laid;
}
