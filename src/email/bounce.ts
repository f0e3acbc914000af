/**
 * Bounces and complaints: delivery status notifications (RFC 3464) and feedback reports (ARF, RFC 5965) that the operator's mail
 * server hands to `POST /v1/callbacks/email/<app>/bounces`, for example from a pipe. A verdict belongs to the mail whose Message-ID it
 * quotes, and to no other.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { LateOutcomes, ReceiptVerdict } from '../carrier/late-outcomes.ts';
import type { CallbackAnswer, CallbackRequest } from '../carrier/provider-row.ts';
import { emailFailure } from './reasons.ts';
import type { EmailSection } from './section.ts';
import { faultOutcome } from './verdict.ts';

const MESSAGE_ID = /^message-id:[ \t]*(?:\r?\n[ \t]+)?(<[^<>\s]{1,250}>)/gim;
const ACTION = /^action:[ \t]*([a-z]{1,20})/im;
const COMPLAINT = /^feedback-type:[ \t]*(?:abuse|fraud)\b/im;
const STATUS = /^status:[ \t]*(\d\.\d{1,3}\.\d{1,3})/im;

/** What a notification says about which mail. */
export interface Bounce {
  readonly messageId: string;
  readonly verdict: ReceiptVerdict;
}

function verdictOf(action: string, status: string): ReceiptVerdict | undefined {
  if (action === 'delivered') return { kind: 'delivered' };
  if (action === 'delayed' || action === 'relayed' || action === 'expanded') return { kind: 'sent' };
  if (action !== 'failed') return undefined;
  // As if the server had said so at RCPT. A mail server that gave up after 4.x.x has no answer of class 5 to quote.
  const reply = { code: 'EENVELOPE', network: '', reply: `550 ${status} bounced`, command: 'RCPT TO', whole: true };
  return { ...faultOutcome(reply, ''), reason: status, error: `${status}: bounced` };
}

/** Reads a notification; undefined for other mail, or one that does not quote the headers of ours. */
export function bounceIn(text: string): Bounce | undefined {
  const [head = ''] = text.split(/\r?\n\r?\n/, 1);
  const rest = text.slice(head.length);
  const [action, status] = [ACTION.exec(rest)?.[1], STATUS.exec(rest)?.[1]];
  const messageId = [...rest.matchAll(MESSAGE_ID)][0]?.[1];
  if (messageId === undefined) return undefined;
  if (COMPLAINT.test(rest))
    return { messageId, verdict: emailFailure('Complaint', 'the receiver called the mail spam') };
  if (action === undefined || status === undefined) return undefined;
  const verdict = verdictOf(action.toLowerCase(), status);
  return verdict && { messageId, verdict };
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Answers `bounces`; undefined: there is no such callback. What is no notification is taken and ignored. */
export function answerBounce(
  { name, app, section, headers, body }: CallbackRequest<EmailSection>,
  late: LateOutcomes,
): CallbackAnswer | undefined {
  const { secret } = section.bounces;
  if (name !== 'bounces' || secret === '') return undefined;
  const given = digest(String(headers.authorization ?? ''));
  if (!timingSafeEqual(given, digest(`Bearer ${secret}`))) return { status: 403 };
  const bounce = bounceIn(body.toString());
  if (bounce) late.report(app, bounce.messageId, bounce.verdict);
  return { status: 204 };
}
