import type { JsonObject } from '../push/push.ts';
import { type Struct, structJson } from './struct-json.ts';

/** proto.NotificationRequest, decoded: what was absent is the zero value of its prototype. */
export interface NotificationRequest {
  readonly badge: number;
  readonly alert?: object | null;
  readonly data?: Struct | null;
  /** NORMAL 0, HIGH 1; other numbers are possible. */
  readonly priority: number;
  readonly fcmOptions?: { readonly analyticsLabel: string } | null;
  readonly extra?: Struct | null;
}

/** Names in JSON of the fields that only change their name. */
const NAMES = {
  ID: 'notif_id',
  tokens: 'tokens',
  platform: 'platform',
  message: 'message',
  title: 'title',
  topic: 'topic',
  category: 'category',
  sound: 'sound',
  contentAvailable: 'content_available',
  threadID: 'thread-id',
  mutableContent: 'mutable_content',
  image: 'image',
  pushType: 'push_type',
  development: 'development',
} as const;

const ALERT_NAMES = {
  title: 'title',
  body: 'body',
  subtitle: 'subtitle',
  action: 'action',
  actionLocKey: 'action-loc-key',
  launchImage: 'launch-image',
  locKey: 'loc-key',
  titleLocKey: 'title-loc-key',
  locArgs: 'loc-args',
  titleLocArgs: 'title-loc-args',
} as const;

const PRIORITIES = ['normal', 'high'];

/**
 * The body of `POST /api/push` that says the same as a gRPC request. From here on the two are one: decoded, queued and sent alike.
 * A field at its zero value is absent, as in Gorush; but not a badge of 0 that is on the wire.
 * @throws RpcError INVALID_ARGUMENT for numbers that JSON lacks.
 */
export function pushBody(request: NotificationRequest): string {
  const { alert, data, extra, fcmOptions } = request;
  const notification: JsonObject = extra ? structJson(extra, 'extra') : {};
  rename(request, NAMES, notification);
  if (Object.hasOwn(request, 'badge')) notification.badge = request.badge;
  if (alert) notification.alert = rename(alert, ALERT_NAMES, {});
  if (data) notification.data = structJson(data, 'data');
  if (fcmOptions) {
    const { analyticsLabel } = fcmOptions;
    notification.fcm_options = analyticsLabel === '' ? {} : { analytics_label: analyticsLabel };
  }
  if (request.priority !== 0 || notification.priority === undefined)
    notification.priority = PRIORITIES[request.priority] ?? String(request.priority);
  return JSON.stringify({ notifications: [notification] });
}

/** Copies what is set. */
function rename(from: object, names: Readonly<Record<string, string>>, to: JsonObject): JsonObject {
  const source = from as JsonObject;
  for (const name in names) {
    const value = source[name];
    if (value && (!Array.isArray(value) || value.length > 0)) to[names[name] as string] = value;
  }
  return to;
}
