import { collapseHash } from '../carrier/collapse-hash.ts';
import { fieldOf } from '../carrier/provider-row.ts';
import type { Failed, Json, JsonObject, Notification } from '../push/push.ts';
import { MOST_PLAINTEXT } from './encryption/encrypt.ts';
import { MOST_TTL } from './section.ts';

/** RFC 8030 section 5.3. */
export type Urgency = 'very-low' | 'low' | 'normal' | 'high';

/** What a web push reads in addition to the fields of Gorush's request. */
interface OwnFields {
  /** Members of the shown notification, and `ttl urgency topic app_badge mutable`. */
  readonly web: JsonObject;
  /** Where a click leads. */
  readonly url: string;
  readonly actions: readonly JsonObject[];
}

function ownFields(n: Notification): OwnFields {
  const url = fieldOf<string>(n, 'url') || fieldOf<string>(n, 'click_action') || '';
  return { web: fieldOf(n, 'web') ?? {}, url, actions: fieldOf(n, 'actions') ?? [] };
}

/** What all pushes of a notification share: the text to encrypt, and what stands in the headers. */
export interface WebPushMessage {
  readonly ok: true;
  readonly plaintext: Buffer;
  readonly urgency: Urgency;
  /** Seconds that the push service keeps it. */
  readonly ttl: number;
  /** RFC 8030 section 5.4: replaces what waits under the same topic. */
  readonly topic?: string;
}

export interface MessageDefaults {
  /** Whose it is: pushes of two apps never replace each other. */
  readonly app: string;
  /** Seconds; `web.ttl`. */
  readonly ttl: number;
  /** Where a click leads when the notification does not say; `web.navigate`. */
  readonly navigate: string;
}

const URGENCIES = ['very-low', 'low', 'normal', 'high'] as const satisfies Urgency[];
const TOPIC = /^[A-Za-z0-9_-]{1,32}$/;
/** Members of `web` that are no members of the shown notification. */
const NOT_SHOWN: ReadonlySet<string> = new Set(['ttl', 'urgency', 'topic', 'app_badge', 'mutable']);

const refused = (reason: string, error: string): { ok: false; outcome: Failed } => ({
  ok: false,
  outcome: { kind: 'failed', category: 'invalid_request', reason, error },
});

/**
 * The message in the shape of Declarative Web Push (W3C Push API, "declarative push message"): Safari shows it by itself, every
 * other browser hands it to the service worker, which reads `notification`. Without an absolute URL to lead to, Safari would drop
 * it as malformed: then there is no `web_push`, and the service worker shows it there too.
 * @param now UNIX milliseconds
 */
export function webPushMessage(
  n: Notification,
  defaults: MessageDefaults,
  now: number,
): WebPushMessage | { ok: false; outcome: Failed } {
  const fields = ownFields(n);
  const own = fields.web;
  const shown = shownNotification(n, fields, defaults.navigate);
  if (typeof shown.title !== 'string' || shown.title === '')
    return refused('MissingText', 'a web push must have a title or a message: browsers punish silence');
  const urgency = urgencyOf(n, own.urgency);
  if (!urgency) return refused('BadUrgency', `web.urgency: must be one of ${URGENCIES.join(', ')}`);
  const ttl = ttlOf(n, own.ttl, defaults.ttl, now);
  if (ttl === undefined) return refused('BadTtl', 'web.ttl: must be a number of seconds, 0 or more');
  if (ttl < 0) return { ok: false, outcome: EXPIRED };
  const topic = topicOf(n, own.topic, defaults.app);
  if (topic === undefined) return refused('BadTopic', 'web.topic: must be 1 to 32 of A-Z a-z 0-9 - _');
  const plaintext = Buffer.from(JSON.stringify(envelope(n, own, shown)));
  if (plaintext.length > MOST_PLAINTEXT) {
    return refused('PayloadTooLarge', `the message has ${plaintext.length} bytes, ${MOST_PLAINTEXT} are allowed`);
  }
  return { ok: true, plaintext, urgency, ttl, ...(topic === '' ? {} : { topic }) };
}

const EXPIRED: Failed = {
  kind: 'failed',
  category: 'expired',
  reason: 'Expired',
  error: 'the expiration of the notification was over before it was sent',
};

function envelope(n: Notification, own: JsonObject, shown: JsonObject): JsonObject {
  const badge = own.app_badge ?? (n.badge !== undefined && n.badge >= 0 ? n.badge : undefined);
  return {
    ...(isAbsoluteUrl(shown.navigate) ? { web_push: 8030 } : {}),
    notification: shown,
    ...(badge === undefined ? {} : { app_badge: badge }),
    ...(own.mutable === undefined ? {} : { mutable: own.mutable }),
  };
}

const isAbsoluteUrl = (value: Json | undefined): boolean => typeof value === 'string' && URL.canParse(value);

/** `web` lies over what the fields of all platforms make. A message alone is the title: browsers show none without. */
function shownNotification(n: Notification, { web: own, url, actions }: OwnFields, navigate: string): JsonObject {
  const title = n.title || n.message;
  const body = n.title ? n.message : undefined;
  const leads = url || navigate;
  const tag = collapseKey(n);
  const data = dataOf(n);
  const shown: JsonObject = {
    ...(title ? { title } : {}),
    ...(body ? { body } : {}),
    ...(leads ? { navigate: leads } : {}),
    ...(n.image ? { image: n.image } : {}),
    ...(tag ? { tag } : {}),
    ...(actions.length > 0 ? { actions: actions.map(actionOf) } : {}),
    ...(n.interruption_level === 'passive' ? { silent: true } : {}),
    ...(data ? { data } : {}),
  };
  for (const [key, value] of Object.entries(own)) if (!NOT_SHOWN.has(key) && value !== undefined) shown[key] = value;
  if (shown.data !== data && isObject(shown.data) && data) shown.data = { ...data, ...shown.data };
  return shown;
}

/** The buttons of all platforms have `url`; Declarative Web Push calls it `navigate`. */
const actionOf = ({ url, ...action }: JsonObject): JsonObject =>
  url === undefined ? action : { ...action, navigate: action.navigate ?? url };

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function dataOf({ data, notif_id }: Notification): JsonObject | undefined {
  const type = data?.type;
  const martlet = {
    ...(notif_id ? { id: notif_id } : {}),
    ...(typeof type === 'string' && type !== '' ? { type } : {}),
  };
  if (Object.keys(martlet).length === 0) return data;
  return { ...data, martlet };
}

const collapseKey = (n: Notification): string => n.collapse_id || n.collapse_key || '';

function urgencyOf({ priority }: Notification, own: Json | undefined): Urgency | undefined {
  if (own !== undefined) return URGENCIES.find((urgency) => urgency === own);
  if (priority === 'high' || priority === 'critical') return 'high';
  return priority === 'low' ? 'low' : 'normal';
}

/** Seconds; negative: it is over; undefined: none that there is. */
function ttlOf(n: Notification, own: Json | undefined, byDefault: number, now: number): number | undefined {
  if (own !== undefined) return typeof own === 'number' && own >= 0 ? Math.min(Math.floor(own), MOST_TTL) : undefined;
  const { expiration } = n;
  if (expiration === undefined || expiration < 0) return byDefault;
  if (expiration === 0) return 0;
  const left = Math.ceil((expiration * 1000 - now) / 1000);
  return left <= 0 ? -1 : Math.min(left, MOST_TTL);
}

/** The same over restarts, versions and instances; empty: none; undefined: one that no service takes. */
function topicOf(n: Notification, own: Json | undefined, app: string): string | undefined {
  if (own !== undefined) return typeof own === 'string' && TOPIC.test(own) ? own : undefined;
  const key = collapseKey(n);
  return key === '' ? '' : collapseHash(app, key);
}
