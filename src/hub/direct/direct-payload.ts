import { createHash } from 'node:crypto';
import type { JsonObject } from '../../push/push.ts';
import type { DirectPush, DirectWay } from './direct-push.ts';

/** apns-collapse-id; the other providers take as much. */
const MOST_COLLAPSE_BYTES = 64;
/** A call that rings half a minute late is of no use. */
const VOIP_SECONDS = 30;
const MS = 1000;

/** An id that is too long is hashed: cut, two could be the same. */
const collapseId = (id: string): string =>
  Buffer.byteLength(id) <= MOST_COLLAPSE_BYTES ? id : createHash('sha256').update(id).digest('base64url');

/** What has a meaning of its own is not the app's data. */
const ownData = ({ aps: _, content_available: _silent, ...data }: JsonObject): JsonObject => data;

/** `content_available` in the data, in the ways that callers write true. */
const isSilent = ({ data = {} }: DirectPush): boolean =>
  [true, 1, '1', 'true'].includes(data.content_available as string);

const hasText = ({ title = '', body = '' }: DirectPush): boolean => title !== '' || body !== '';

/** Nothing to be seen, heard or done: Apple would refuse it. */
export const isEmptyAlert = (push: DirectPush): boolean =>
  !hasText(push) && push.badge === undefined && (push.sound ?? '') === '' && !isSilent(push);

/** What all providers share, in Gorush's fields. */
const common = (push: DirectPush) => ({
  ...(push.title ? { title: push.title } : {}),
  ...(push.body ? { message: push.body } : {}),
  priority: push.priority,
  ...(push.data ? { data: ownData(push.data) } : {}),
  ...(push.messageId ? { collapse_id: collapseId(push.messageId) } : {}),
});

const expirationOf = ({ ttlMs }: DirectPush, now: number) =>
  ttlMs === undefined ? {} : { expiration: Math.ceil((now + ttlMs) / MS) };

/** @param topic the bundle id; empty: the app's own */
function appleFields(push: DirectPush, { kind, environment }: DirectWay, topic: string, now: number): JsonObject {
  const isVoip = kind === 'voip';
  const isBackground = !isVoip && isSilent(push) && !hasText(push) && push.badge === undefined && !push.sound;
  return {
    ...common(push),
    ...expirationOf(push, now),
    ...(isVoip ? { expiration: Math.floor(now / MS) + VOIP_SECONDS, push_type: 'voip', priority: 'high' } : {}),
    ...(isBackground ? { push_type: 'background', priority: 'normal' } : {}),
    ...(isSilent(push) ? { content_available: true } : {}),
    ...(push.badge === undefined ? {} : { badge: push.badge }),
    ...(push.sound ? { sound: push.sound } : {}),
    ...(push.channel ? { 'thread-id': push.channel } : {}),
    ...(topic === '' ? {} : { topic: isVoip ? `${topic}.voip` : topic }),
    ...(environment === 'production' ? { production: true } : { development: true }),
  };
}

/** FCM takes texts alone as data. */
const asTexts = (data: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );

function androidFields(push: DirectPush): JsonObject {
  const { data, ...rest } = common(push);
  const channel = push.channel ? { channel_id: push.channel } : {};
  const sound = push.sound ? { sound: push.sound } : {};
  return {
    ...rest,
    ...(data ? { data: asTexts(data) } : {}),
    ...(push.ttlMs === undefined ? {} : { time_to_live: Math.ceil(push.ttlMs / MS) }),
    ...(Object.keys({ ...channel, ...sound }).length > 0 && hasText(push)
      ? { android: { notification: { ...channel, ...sound } } }
      : {}),
  };
}

const expoFields = (push: DirectPush, now: number): JsonObject => ({
  ...common(push),
  ...expirationOf(push, now),
  sound: push.sound || 'default',
  ...(push.badge === undefined ? {} : { badge: push.badge }),
  expo: { mutableContent: true, ...(push.channel ? { channelId: push.channel } : {}) },
});

/** Huawei takes no notice that lacks a title or a text, and data as one text. */
function huaweiFields(push: DirectPush): JsonObject {
  const { data, collapse_id: _, ...rest } = common(push);
  const text = hasText(push) ? { title: push.title || push.body, message: push.body || push.title } : {};
  return {
    ...rest,
    ...(text as JsonObject),
    ...(hasText(push) && push.sound ? { sound: push.sound } : {}),
    ...(data ? { huawei_data: JSON.stringify(data) } : {}),
    ...(push.ttlMs === undefined ? {} : { huawei_ttl: `${Math.ceil(push.ttlMs / MS)}s` }),
  };
}

/** A notice of ntfy has a text: without one it shows the data. */
function ntfyFields(push: DirectPush): JsonObject {
  const text = push.body || (push.data ? JSON.stringify(ownData(push.data)) : '');
  const { data: _, ...rest } = common(push);
  return { ...rest, ...(text ? { message: text } : {}), ...(push.channel ? { ntfy: { tags: [push.channel] } } : {}) };
}

/**
 * The notification of `/api/push` for devices of one way, but for platform and tokens.
 * @param topic of APNs, without the suffix of a kind; empty: the app's own
 * @param now UNIX milliseconds
 */
export function directPayload(push: DirectPush, way: DirectWay, topic: string, now: number): JsonObject {
  switch (way.platform) {
    case 'ios':
      return appleFields(push, way, topic, now);
    case 'android':
      return androidFields(push);
    case 'huawei':
      return huaweiFields(push);
    case 'expo':
      return expoFields(push, now);
    case 'ntfy':
      return ntfyFields(push);
    default:
      return { ...common(push), ...expirationOf(push, now), ...(push.sound ? { sound: push.sound } : {}) };
  }
}
