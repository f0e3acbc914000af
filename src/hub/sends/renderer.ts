import type { Notification } from '../../push/push.ts';
import type { HubPolicy } from '../notifications/policy.ts';
import { messageOf } from '../notifications/render/addressed.ts';
import { PushRenderer } from '../notifications/render/push-renderer.ts';
import type { AddressedChannel } from '../words/channel.ts';
import type { Parcel, RendererOf } from './hand-over.ts';

export interface RendererParts {
  readonly policyOf: (app: string) => HubPolicy;
  /** UNIX milliseconds. */
  readonly now: () => number;
  /** Where a person unsubscribes from mails of a type; undefined without `hub.public_url`. */
  readonly unsubscribeUrl?: ((app: string, user: string, type: string) => string | undefined) | undefined;
}

/** Renders pushes by their variants, mails, SMS and messages to Slack for each person. */
export const renderer =
  ({ policyOf, now, unsubscribeUrl }: RendererParts): RendererOf =>
  (notification) => {
    const sources = { notification, policy: policyOf(notification.app) };
    const pushes = new PushRenderer(sources, now());
    const messages = new Map<string, Notification>();
    const message = ({ first: { facts, row, user } }: Parcel): Notification => {
      const channel = row.channel as AddressedChannel;
      const languages = [facts.settings.locale, facts.person?.locale];
      const isMail = channel === 'email' && notification.priority !== 'critical';
      const url = isMail ? unsubscribeUrl?.(notification.app, user, notification.type) : undefined;
      const key = JSON.stringify([channel, languages, url]);
      const made = messages.get(key) ?? messageOf(sources, { channel, languages, unsubscribeUrl: url });
      messages.set(key, made);
      return made;
    };
    return (parcel) => {
      const { device, facts, detail } = parcel.first;
      if (!device) return message(parcel);
      const { platform, kind, environment, locale, users } = device;
      return pushes.push({
        ...{ platform, kind, environment: environment === '' ? undefined : environment },
        languages: [locale, facts.settings.locale, facts.person?.locale],
        user: users.length > 1 ? parcel.users[0] : undefined,
        silent: detail?.silent,
      });
    };
  };
