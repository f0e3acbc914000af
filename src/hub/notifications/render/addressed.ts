import { builtIn } from '../../../providers/registry.ts';
import type { JsonObject, Notification } from '../../../push/push.ts';
import type { AddressedChannel } from '../../words/channel.ts';
import { type ContentSources, contentOf } from './content.ts';
import { laidOver } from './laid-over.ts';

export interface AddressedVariant {
  readonly channel: AddressedChannel;
  /** Of the person. */
  readonly languages: readonly (string | undefined)[];
  /** Where a mail says that one can unsubscribe (RFC 8058); not in critical ones. */
  readonly unsubscribeUrl?: string | undefined;
}

/**
 * The relay notification of a mail, an SMS or a message to Slack, without its address: title, message and link, in the form that the
 * provider gives them, with the sender's fields laid over it.
 */
export function messageOf(
  sources: ContentSources,
  { channel, languages, unsubscribeUrl }: AddressedVariant,
): Notification {
  const { title, message, url, thread } = contentOf(sources, channel, languages);
  const { id, priority, expires_at: expires } = sources.notification;
  const isUnsubscribable = channel === 'email' && unsubscribeUrl !== undefined && priority !== 'critical';
  const base = {
    notif_id: id,
    platform: builtIn.ofPlatform(channel)?.number,
    tokens: [],
    ...(title === undefined ? {} : { title }),
    ...(message === undefined ? {} : { message }),
    ...(url === undefined ? {} : { url }),
    ...(expires === undefined || channel !== 'sms' ? {} : { expiration: Math.ceil(Date.parse(expires) / 1000) }),
    ...(channel === 'email' && thread !== undefined ? { thread_id: thread } : {}),
    ...(isUnsubscribable ? { email: { headers: unsubscribeHeaders(unsubscribeUrl) } } : {}),
  };
  return laidOver(sources, channel, channel, base as unknown as Notification);
}

const unsubscribeHeaders = (url: string): JsonObject => ({
  'List-Unsubscribe': `<${url}>`,
  'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
});
