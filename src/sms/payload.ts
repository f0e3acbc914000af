import { linkOf } from '../carrier/link.ts';
import { fieldOf } from '../carrier/provider-row.ts';
import type { Notification } from '../push/push.ts';
import { cutToSegments, normalised } from './segments.ts';

/** The field `sms` of a request. */
export interface SmsFields {
  /** The text as it goes out, in place of title, message and URL. */
  readonly text?: string;
}

/** What goes out: the text of a notification, cut to `most` segments; empty: it has none. */
export function smsText(notification: Notification, most: number): string {
  const own = fieldOf<SmsFields>(notification, 'sms')?.text;
  const lines = own ? [own] : [notification.title, notification.message, linkOf(notification)];
  const text = normalised(lines.filter(Boolean).join('\n')).trim();
  return text === '' ? '' : cutToSegments(text, most);
}

/** Who sends: a number, a short code or a name, or a service that chooses among several. */
export interface SmsSender {
  readonly from: string;
  readonly messagingServiceSid: string;
}

export interface SmsMessage {
  readonly to: string;
  readonly text: string;
  readonly sender: SmsSender;
  /** Seconds after which the carrier gives it up, 1 to 36,000. */
  readonly validity: number;
  /** Where states are reported; absent: nowhere. */
  readonly statusCallback?: string | undefined;
}

/** The form of `POST /2010-04-01/Accounts/{AccountSid}/Messages.json` (twilio.com/docs/messaging/api/message-resource). */
export function smsForm({ to, text, sender, validity, statusCallback }: SmsMessage): string {
  const form = new URLSearchParams({ To: to, Body: text, ValidityPeriod: String(validity) });
  if (sender.messagingServiceSid !== '') form.set('MessagingServiceSid', sender.messagingServiceSid);
  else form.set('From', sender.from);
  if (statusCallback !== undefined) form.set('StatusCallback', statusCallback);
  return form.toString();
}

/** Seconds that a message may still take: those of the section, less where the notification expires sooner. @param now UNIX ms */
export function validityOf(notification: Notification, most: number, now: number): number {
  const until = notification.expiration;
  if (until === undefined) return most;
  return Math.max(1, Math.min(most, Math.ceil(until - now / 1000)));
}
