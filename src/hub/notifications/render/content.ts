import { defined } from '../../../kit/json/defined.ts';
import type { JsonObject } from '../../../push/push.ts';
import type { Channel } from '../../words/channel.ts';
import type { AcceptedNotification } from '../decide-input.ts';
import type { ActionDoc } from '../notification-doc.ts';
import type { HubPolicy } from '../policy.ts';
import { localised } from './localised.ts';
import { redacted } from './redacted.ts';

/** What a channel says: in one language, without what it must not carry. */
export interface Content {
  readonly title?: string;
  readonly message?: string;
  readonly url?: string;
  readonly image?: string;
  /** With the names that the hub adds. */
  readonly data: JsonObject;
  readonly actions: readonly ActionDoc[];
  readonly category?: string;
  readonly thread?: string;
  /** The language of the text, where it is one of `locales`. */
  readonly locale?: string;
  /** Only a neutral text and the id go out; the app fetches the rest. */
  readonly hidden: boolean;
}

export interface ContentSources {
  readonly notification: AcceptedNotification;
  readonly policy: HubPolicy;
}

/** What of `data` is the hub's word alone: an app trusts it to be so. */
const OURS = ['notification_id', 'type', 'url', 'user_id'] as const;

/** A sender's `data` with the hub's own in the place of whatever the sender has under these names. */
export function withOurs(data: JsonObject | undefined, own: JsonObject): JsonObject {
  const all = { ...data };
  for (const name of OURS) {
    if (own[name] !== undefined) all[name] = own[name];
    else if (all[name] !== undefined) delete all[name];
  }
  return all;
}

/** Channels that leave this server: the stream and the inbox are read with the person's own token. */
const leaves = (channel: Channel): boolean => channel !== 'realtime';

/** Whether a channel carries nothing but the neutral text. */
export const isHidden = ({ confidential, redact }: AcceptedNotification, channel: Channel): boolean =>
  (confidential === true && leaves(channel)) || redact?.[channel]?.includes('*') === true;

/**
 * @param languages whose text is looked for, the first first
 * @param user the person whom a device is to take it for; only of devices that several share
 */
export function contentOf(
  { notification, policy }: ContentSources,
  channel: Channel,
  languages: readonly (string | undefined)[],
  user?: string,
): Content {
  const ids = { notification_id: notification.id, ...(user === undefined ? {} : { user_id: user }) };
  if (isHidden(notification, channel)) {
    return { message: policy.confidentialText, data: ids, actions: [], hidden: true };
  }
  const { locale, ...text } = localised(notification, [...languages, policy.locale]);
  const paths = notification.redact?.[channel] ?? [];
  // Most channels carry all of it, and nothing is copied.
  const whole =
    paths.length === 0 ? notification : redacted({ ...notification, ...text }, paths, policy.confidentialText);
  const { title, message } = whole === notification ? text : whole;
  const { url, image, data, actions, category, thread } = whole;
  return defined({
    title: title || undefined,
    message: message || undefined,
    url: url || undefined,
    image: image || undefined,
    data: withOurs(data, { type: notification.type, ...(url ? { url } : {}), ...ids }),
    actions: actions ?? [],
    category: category || undefined,
    thread: thread || undefined,
    locale,
    hidden: false,
  }) as Content;
}
