import { createHash } from 'node:crypto';
import { linkOf } from '../carrier/link.ts';
import { fieldOf } from '../carrier/provider-row.ts';
import type { Failed, JsonObject, Notification } from '../push/push.ts';
import { type Mailbox, mailbox } from './address.ts';
import { emailFailure } from './reasons.ts';

/** The field `email` of a request. */
interface EmailFields {
  readonly subject?: string;
  readonly text?: string;
  readonly html?: string;
  readonly reply_to?: string;
  readonly headers?: JsonObject;
}

/** What all receivers of a notification get. */
export interface MailContent {
  readonly subject: string;
  /** Empty: the HTML alone. */
  readonly text: string;
  readonly html: string;
  /** In place of `email.reply_to`. */
  readonly replyTo?: Mailbox;
  readonly headers: Readonly<Record<string, string>>;
  /** Tells this content from every other. */
  readonly digest: string;
}

/** On every mail, so that no out-of-office reply comes back (RFC 3834; the second is Exchange's word for it). */
const AUTOMATIC = { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' };

const MOST_SUBJECT = 250;
const MOST_HEADER = 2000;
const HEADER_NAME = /^[A-Za-z0-9-]{1,76}$/;
/** Headers that the relay writes, or that mean something to servers on the way. */
const OURS =
  /^(?:from|sender|to|cc|bcc|reply-to|subject|date|message-id|in-reply-to|references|mime-version|content-.*|return-path|received|dkim-signature|arc-.*|resent-.*|auto-submitted|x-auto-response-suppress)$/i;

/** A header value on one line: a line break in it would begin a header of the caller's choice. */
export const onOneLine = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();

const firstLine = (text: string): string => onOneLine(text.trimStart().split(/[\r\n]/, 1)[0] ?? '');

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);

/** Lines as paragraphs are: an empty one parts two of them. */
const paragraphs = (text: string): string =>
  text
    .split(/\n{2,9}/)
    .map((part) => `<p>${escaped(part).replaceAll('\n', '<br>')}</p>`)
    .join('\n');

/** Another scheme (`javascript:`) is shown, and does nothing. */
const linkHtml = (url: string): string => {
  if (url === '') return '';
  return `\n<p>${/^https?:\/\//i.test(url) ? `<a href="${escaped(url)}">${escaped(url)}</a>` : escaped(url)}</p>`;
};

const page = (subject: string, text: string, url: string): string =>
  `<!doctype html>\n<html><head><meta charset="utf-8"><title>${escaped(subject)}</title></head>\n<body>\n${paragraphs(text)}${linkHtml(url)}\n</body></html>\n`;

type Made<Good> = Good | { readonly failed: Failed };

/** Headers of the request, and those of every mail. */
function headersOf(given: JsonObject): Made<{ readonly headers: Readonly<Record<string, string>> }> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    const isName = HEADER_NAME.test(name);
    if (!isName || OURS.test(name) || typeof value !== 'string' || value.length > MOST_HEADER) {
      return { failed: emailFailure('InvalidHeader', `email.headers: ${isName ? name : 'a name'} cannot be sent`) };
    }
    headers[name] = onOneLine(value);
  }
  return { headers: { ...headers, ...AUTOMATIC } };
}

function replyToOf({ reply_to: given = '' }: EmailFields): Made<{ readonly replyTo?: Mailbox }> {
  if (given === '') return {};
  const replyTo = mailbox(given);
  return replyTo ? { replyTo } : { failed: emailFailure('InvalidReplyTo', 'email.reply_to is not an address') };
}

const digestOf = (...parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('\0')).digest('base64url');

/** What goes out, built once for a notification; a failure is not sent. */
export function mailContent(notification: Notification): Made<MailContent> {
  const own = fieldOf<EmailFields>(notification, 'email') ?? {};
  const { title = '', message = '' } = notification;
  const body = (own.text || message || title).replaceAll(/\r\n?/g, '\n');
  if (body === '' && !own.html) return { failed: emailFailure('MissingText', 'the notification has no text') };
  const replyTo = replyToOf(own);
  const headers = headersOf(own.headers ?? {});
  if ('failed' in replyTo) return replyTo;
  if ('failed' in headers) return headers;
  const link = own.text ? '' : linkOf(notification);
  const subject = firstLine(own.subject || title || body).slice(0, MOST_SUBJECT);
  const text = [body, link].filter(Boolean).join('\n\n');
  const html = own.html || page(subject, body, link);
  return { subject, text, html, ...replyTo, ...headers, digest: digestOf(subject, text, html) };
}
