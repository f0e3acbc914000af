/**
 * What becomes of a mail that was not accepted. Three questions decide: did the server answer, to which command, and had it got the
 * whole mail (the final dot included). Without the dot nothing is delivered (RFC 5321 section 4.1.1.4), so a connection lost before
 * it is `not_sent`; after it, `unanswered`.
 */
import { reasonIn } from '../carrier/reasons.ts';
import type { Failed } from '../push/push.ts';
import { emailFailure, emailReasons, familyOf, unknownReason } from './reasons.ts';

/** How a mail failed, as the client of the SMTP server saw it. */
export interface MailFault {
  /** nodemailer's word: `EENVELOPE`, `EAUTH`, `ETLS`, `ECONNECTION`, … */
  readonly code: string;
  /** The system's or TLS's word behind it: `ECONNREFUSED`, `CERT_HAS_EXPIRED`; empty: none. */
  readonly network: string;
  /** The server's answer, all lines; empty: none. */
  readonly reply: string;
  /** What it answers: `MAIL FROM`, `RCPT TO`, `DATA`, `AUTH …`, `STARTTLS`, `CONN`. */
  readonly command: string;
  /** The whole mail was handed to the connection: the final dot may have gone out. */
  readonly whole: boolean;
}

/** A reply code, and the enhanced code where there is one of the same class. */
interface Reply {
  readonly status: number;
  readonly enhanced: string;
  readonly text: string;
}

const REPLY = /^(\d{3})[ -](?:(\d\.\d{1,3}\.\d{1,3})(?:\s|$))?/;

/** The last line counts; all of them have the same codes. Undefined for what is no reply. */
export function replyIn(text: string): Reply | undefined {
  const lines = text.split(/\r?\n/, 50);
  const last = lines.at(-1) ?? '';
  const [head, code = '', enhanced = ''] = REPLY.exec(last) ?? [];
  if (head === undefined) return undefined;
  return { status: Number(code), enhanced: enhanced[0] === code[0] ? enhanced : '', text: last.slice(head.length) };
}

const MOST_TEXT = 200;

/** What a server says, without what could name the receiver: servers like to repeat the address. */
export function tellable(text: string, target: string): string {
  const local = target.slice(0, Math.max(0, target.lastIndexOf('@'))).toLowerCase();
  const words = text
    .slice(0, 4 * MOST_TEXT)
    .replace(/[^\x21-\x7e]+/g, ' ')
    .split(' ')
    .map((word) => (word.includes('@') || (local !== '' && word.toLowerCase().includes(local)) ? '…' : word));
  return words.join(' ').trim().slice(0, MOST_TEXT);
}

const isCertificateWord = (word: string): boolean => /CERT|UNABLE_TO_|ALTNAME|INVALID_CA|HOSTNAME/.test(word);

/** No mail can go this way until a person acts: the lane stops at once. */
const ofAll = (failed: Failed): Failed => (failed.category === 'credential' ? { ...failed, stopsLane: true } : failed);

/** Commands whose answer is about one mail, and not about us. */
const isOfOneMail = (command: string): boolean => command === 'RCPT TO' || command === 'DATA';

/** The meaning of a failure. @param target whom the mail was for; never in the outcome */
export function faultOutcome(fault: MailFault, target: string): Failed {
  const { code, network, reply, command, whole } = fault;
  const answer = replyIn(reply);
  if (command === 'STARTTLS' && answer) return tlsRefused(answer);
  if (answer && answer.status >= 400) return answered(answer, command, target);
  if (code === 'EAUTH') return ofAll(emailFailure('SignInRefused', 'the server takes none of the ways to sign in'));
  const word = network || code;
  if (word === 'PrivateAddress') return ofAll(emailFailure('PrivateAddress', 'the host leads to a private address'));
  if (isCertificateWord(word)) return ofAll(emailFailure('CertificateInvalid', `TLS failed: ${word}`));
  if (answer) return emailFailure('InvalidAnswer', `unexpected answer with code ${answer.status}`);
  return unanswered(word, whole);
}

function unanswered(word: string, whole: boolean): Failed {
  const timedOut = /TIMEDOUT|TIMEOUT|EABORT/.test(word);
  if (whole && timedOut) return emailFailure('Timeout', 'no answer to the mail in time');
  if (whole) return emailFailure('ConnectionLost', `the connection was lost after the mail: ${word}`);
  return emailFailure('ConnectionFailed', timedOut ? 'the server did not answer in time' : `no connection: ${word}`);
}

/** 4xx: TLS does not work at the moment; 5xx: it never does. */
function tlsRefused({ status, enhanced }: Reply): Failed {
  if (status >= 500) return ofAll(emailFailure('TlsRequired', `the server refuses STARTTLS with ${status}`));
  const reason = enhanced || String(status);
  return { kind: 'failed', category: 'unavailable', reason, error: `${reason}: no STARTTLS now`, status };
}

function answered({ status, enhanced, text }: Reply, command: string, target: string): Failed {
  const reason = enhanced || String(status);
  const row = reasonIn(emailReasons, reason) ?? familyOf(enhanced) ?? unknownReason(status);
  const isSignIn = command.startsWith('AUTH') || (status >= 530 && status < 540);
  const ofOne = isOfOneMail(command) && !isSignIn;
  const category =
    status < 500
      ? 'unavailable'
      : isSignIn || (!ofOne && status !== 503 && command === 'CONN')
        ? 'credential'
        : ofOne && row.aboutTarget
          ? 'invalid_token'
          : row.category;
  // A server's words about a sign-in may repeat the user.
  const said = isSignIn ? 'the server wants another sign-in' : tellable(text, target);
  const failed: Failed = { kind: 'failed', category, reason, error: said ? `${reason}: ${said}` : reason, status };
  return ofOne ? failed : ofAll(failed);
}
