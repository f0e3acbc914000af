import { isObject } from '../../kit/is-object.ts';
import { DEFAULT_APP } from '../../push/app-name.ts';
import type { Notification, TargetKind } from '../../push/push.ts';
import { packTrace, unpackTrace } from '../../push/trace-context.ts';
import { requestOfJson } from '../../push/wire/encode-push-request.ts';
import type { QueuedRequest, QueueEntry } from '../queue.ts';

/**
 * A message: one notification, or a part of one with many tokens, in the JSON that a Gorush queues (golang-queue's
 * `job.Message`: the notification's JSON as base64, and how to run it), so that each reads what the other left behind.
 * What Gorush's lacks is in the key `martlet`, which a Gorush skips.
 */
export interface DecodedMessage extends QueuedRequest {
  /** `{"notifications": [...]}` with one notification. */
  readonly body: Uint8Array;
  /** Settled targets, a bit for each place. */
  readonly done: Uint8Array | undefined;
}

/** golang-queue's defaults; a Gorush gives up a job after its timeout, one hour. */
const JOB =
  '"retry_count":0,"retry_delay":0,"retry_factor":2,"retry_min":100000000,"retry_max":10000000000,"jitter":false,"timeout":3600000000000';

/** Parts are at least this large, unless the notification is smaller. */
const LEAST_PART = 100;

export function encodeMessage(request: QueuedRequest, notification: Notification, done?: Uint8Array) {
  const { id, app, acceptedAt, first } = request;
  const body = Buffer.from(JSON.stringify(notification)).toString('base64');
  const progress = done ? { done: Buffer.from(done).toString('base64') } : {};
  const ours = JSON.stringify({
    id,
    app,
    at: acceptedAt,
    first: first || undefined,
    trace: packTrace(request),
    ...progress,
  });
  return Buffer.from(`{${JOB},"body":"${body}","martlet":${ours}}`);
}

/** Kinds of targets whose fields are known here. Those of others, such as push subscriptions, are in a field of their provider. */
const DIVISIBLE = new Set<TargetKind>(['token', 'topic', 'condition']);

/** The messages of an entry: one, or one for each slice of its tokens. */
export function messagesOf({ request: whole, index, notification, groups, slice, open }: QueueEntry): Buffer[] {
  const request = { ...whole, first: (whole.first ?? 0) + index };
  const size = Math.max(LEAST_PART, slice);
  if (open <= size || !groups.every(({ kind }) => DIVISIBLE.has(kind))) return [encodeMessage(request, notification)];
  const { to, ...first } = notification;
  const tokens = to ? [...notification.tokens, to] : notification.tokens;
  // A push to a topic or a condition goes out once; a topic that is no target (the bundle id of iOS) is part of every push.
  const { topic, condition, ...bare } = first;
  const others = groups.some(({ kind }) => kind !== 'token') ? bare : first;
  const messages: Buffer[] = [];
  for (let from = 0; from < tokens.length; from += size) {
    const part = { ...(from === 0 ? first : others), tokens: tokens.slice(from, from + size) };
    messages.push(encodeMessage(request, part));
  }
  return messages;
}

/** What a message that cannot be read says of itself all the same. */
export function envelopeOf(text: Uint8Array | string): { id?: string; app?: string } {
  try {
    const { id, app } = Object(Object(JSON.parse(Buffer.from(text).toString())).martlet);
    return { ...(typeof id === 'string' ? { id } : {}), ...(typeof app === 'string' ? { app } : {}) };
  } catch {
    return {};
  }
}

/** @param id stands in for the request id, and `at` for its time, where a Gorush wrote the message. @throws when it is malformed. */
export function decodeMessage(text: Uint8Array | string, id: string, at: number): DecodedMessage {
  const message: unknown = JSON.parse(typeof text === 'string' ? text : Buffer.from(text).toString());
  if (!isObject(message) || typeof message.body !== 'string') throw new Error('it has no body');
  const { body, martlet } = message;
  const ours = isObject(martlet) ? martlet : {};
  const done = ours.done;
  return {
    id: typeof ours.id === 'string' ? ours.id : id,
    app: typeof ours.app === 'string' ? ours.app : DEFAULT_APP,
    acceptedAt: typeof ours.at === 'number' ? ours.at : at,
    ...(typeof ours.first === 'number' ? { first: ours.first } : {}),
    ...unpackTrace(ours.trace),
    body: requestOf(Buffer.from(body, 'base64')),
    done: typeof done === 'string' ? Buffer.from(done, 'base64') : undefined,
  };
}

function requestOf(notification: Buffer): Buffer {
  if (!isObject(JSON.parse(notification.toString()))) throw new Error('its notification is not an object');
  return requestOfJson(notification);
}
