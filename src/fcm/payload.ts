import { hopelessSize } from '../carrier/payload-size.ts';
import type { Failed, Json, JsonObject, Notification, TargetKind } from '../push/push.ts';
import { isRawJSON } from '../push/raw-json.ts';
import { asObject } from './json-object.ts';
import { androidWithFlags, apnsWithFlags, doubledApsKey } from './merge-flags.ts';
import { messageFault } from './message-fault.ts';
import { androidConfig, apnsConfig, fcmOptions, notificationObject, webpushConfig } from './v1-objects.ts';

/** The request body for each target is `before`, the target as a JSON string, `after`: all pushes of a notification share it. */
export type FcmMessage =
  | {
      readonly ok: true;
      readonly before: Buffer;
      readonly after: Buffer;
      /** The message also addresses a Live Activity, whose token is another than the target's. */
      readonly liveActivity: boolean;
    }
  | { readonly ok: false; readonly outcome: Failed };

const TOPIC_PREFIX = '/topics/';
const TOPIC = /^[a-zA-Z0-9-_.~%]+$/;
/** Quotes and a comma, in a list; and the brackets around it, which has a comma less. */
const AROUND_TARGET = 3;
const BRACKETS = 2;
const ONE_TARGET = 'exactly one of token, topic or condition must be specified';

/** As Google's Go client tells it through Gorush, whose batch is the one notification. */
const refused = (reason: string, fault: string): Failed => ({
  kind: 'failed',
  category: 'invalid_request',
  reason,
  error: `fcm service send message error: invalid message at index 0: ${fault}`,
});

/**
 * The body of a `messages:send` request (https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send) without
 * its target, or why Google's client would not send it. Never throws.
 */
export function fcmMessage(notification: Notification, kind: TargetKind = 'token'): FcmMessage {
  try {
    const message = v1Message(notification);
    const doubled = doubledApsKey(notification);
    const fault =
      (kind !== 'token' && notification.topic && notification.condition ? ONE_TARGET : undefined) ??
      messageFault(message) ??
      (doubled && `multiple specifications for the key ${JSON.stringify(doubled)}`);
    if (fault) return { ok: false, outcome: refused('InvalidMessage', fault) };
    const liveActivity = Boolean(asObject(message.apns)?.live_activity_token);
    const body = spliced(message, kind, notification.dry_run === true);
    const hopeless = hopelessSize(body.before.length, notification);
    return hopeless ? { ok: false, outcome: hopeless } : { ok: true, liveActivity, ...body };
  } catch {
    // JSON.stringify has no room left on the stack.
    return { ok: false, outcome: refused('InvalidMessage', 'the message is nested too deeply') };
  }
}

/** What is wrong with one target; undefined when it may be sent. */
export function targetFailure(target: string, kind: TargetKind): Failed | undefined {
  if (target === '') {
    const missing = refused('MissingTarget', ONE_TARGET);
    return kind === 'token' ? { ...missing, category: 'invalid_token' } : missing;
  }
  return kind === 'topic' && !TOPIC.test(bareTopic(target))
    ? refused('InvalidTopic', 'malformed topic name')
    : undefined;
}

const bareTopic = (topic: string): string =>
  topic.startsWith(TOPIC_PREFIX) ? topic.slice(TOPIC_PREFIX.length) : topic;

/** The target as JSON, to be put between `before` and `after`. */
export const targetJson = (target: string, kind: TargetKind): string =>
  JSON.stringify(kind === 'topic' ? bareTopic(target) : target);

/**
 * True: the JSON of each of these is the text itself between quotes, in ASCII. False: look at each. Said once for many, as V8 writes a list
 * of texts many times as fast as each by itself.
 */
export function arePlainTargets(targets: readonly string[], kind: TargetKind): boolean {
  if (kind !== 'token') return false;
  const json = JSON.stringify(targets);
  let length = BRACKETS - 1;
  for (const target of targets) length += target.length + AROUND_TARGET;
  return json.length === length && Buffer.byteLength(json) === length;
}

function v1Message(given: Notification): JsonObject {
  const android = androidWithFlags(given);
  const webpush = asObject(given.webpush);
  const apns = apnsWithFlags(given);
  const options = asObject(given.fcm_options);
  return {
    data: stringData(given.data),
    notification: withTexts(given),
    android: android && androidConfig(android),
    webpush: webpush && webpushConfig(webpush),
    apns: apns && apnsConfig(apns),
    fcm_options: options && fcmOptions(options),
  };
}

/** `title`, `message` and `image` override those of the `notification` object. */
function withTexts({ notification, title, message, image }: Notification): JsonObject | undefined {
  const given = asObject(notification);
  if (!given && !title && !message && !image) return undefined;
  return notificationObject({
    ...given,
    ...(title ? { title } : {}),
    ...(message ? { body: message } : {}),
    ...(image ? { image } : {}),
  });
}

/** The v1 API takes texts only; Gorush writes everything else as JSON. */
const stringData = (data: JsonObject | undefined): JsonObject | undefined =>
  data && Object.keys(data).length > 0
    ? Object.fromEntries(Object.entries(data).map(([key, value]) => [key, dataText(value)]))
    : undefined;

function dataText(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return goNumber(value);
  return isRawJSON(value) ? value.rawJSON : JSON.stringify(value ?? null);
}

/** Go writes the exponent with two digits at least, and keeps the sign of zero. */
const goNumber = (value: number): string =>
  Object.is(value, -0) ? '-0' : JSON.stringify(value).replace(/e([+-])(\d)$/, 'e$10$2');

function spliced(message: JsonObject, kind: TargetKind, validateOnly: boolean): { before: Buffer; after: Buffer } {
  const json = JSON.stringify(message);
  return {
    before: Buffer.from(`{"message":${json.slice(0, -1)}${json === '{}' ? '' : ','}"${kind}":`),
    after: Buffer.from(validateOnly ? '},"validate_only":true}' : '}}'),
  };
}
