import { collapseHash } from '../carrier/collapse-hash.ts';
import { linkOf } from '../carrier/link.ts';
import { fieldOf } from '../carrier/provider-row.ts';
import type { Failed, JsonObject, Notification } from '../push/push.ts';
import { ntfyFailure } from './reasons.ts';

/** Fields of ntfy's JSON that the request's object `ntfy` may set, in ntfy's own words (docs.ntfy.sh/publish). */
const OWN = ['priority', 'tags', 'click', 'actions', 'delay', 'markdown', 'icon', 'attach', 'filename'] as const;

/** Bytes; the server makes an attachment of a longer text, or refuses it. */
const MOST_MESSAGE = 4096;
/** A sequence id as the server takes it. */
const SEQUENCE = /^[-_A-Za-z0-9]{1,64}$/;

const PRIORITIES: Readonly<Record<string, number>> = { low: 2, medium: 3, normal: 3, high: 4, critical: 5 };

/** A message without its topic, as JSON for `POST <base>/`. */
export interface NtfyMessage {
  readonly fields: JsonObject;
  /** Later messages with it replace this one; absent: none do. */
  readonly sequence?: string;
}

/** Buttons of `{id, title, url}` as ntfy has them; at most three are shown. */
const actionsOf = (notification: Notification): JsonObject[] =>
  (fieldOf<JsonObject[]>(notification, 'actions') ?? [])
    .filter(({ title, url }) => typeof title === 'string' && typeof url === 'string' && title !== '' && url !== '')
    .slice(0, 3)
    .map(({ title, url }) => ({ action: 'view', label: title, url }));

const sequenceOf = (app: string, key: string): string => (SEQUENCE.test(key) ? key : collapseHash(app, key));

/** What goes out, built once for a notification; a failure is not sent. Absent fields are left to the server. */
export function ntfyMessage(notification: Notification, app: string): NtfyMessage | { readonly failed: Failed } {
  const { title, message, image, priority = '', collapse_id: collapse = '' } = notification;
  const own = fieldOf<JsonObject>(notification, 'ntfy') ?? {};
  if (Buffer.byteLength(message ?? '') > MOST_MESSAGE) {
    return { failed: ntfyFailure('PayloadTooLarge', `the message has more than ${MOST_MESSAGE} bytes`) };
  }
  const actions = actionsOf(notification);
  const fields: JsonObject = {
    title: title || undefined,
    message: message || undefined,
    priority: PRIORITIES[priority.toLowerCase()],
    click: linkOf(notification) || undefined,
    icon: image || undefined,
    actions: actions.length > 0 ? actions : undefined,
  };
  for (const key of OWN) if (own[key] !== undefined) fields[key] = own[key];
  if (collapse === '') return { fields };
  const sequence = sequenceOf(app, collapse);
  return { fields: { ...fields, sequence_id: sequence }, sequence };
}
