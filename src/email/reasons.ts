import { postingWords } from '../carrier/posting-words.ts';
import { failure, type Reason, type ReasonTable, SENT_AGAIN } from '../carrier/reasons.ts';
import type { Failed } from '../push/push.ts';

const BACKOFF = 'Nothing to do: it is sent again (`email.backoff`).';
const LATER = {
  category: 'unavailable',
  advice: 'The server could not take it at the moment.',
  again: BACKOFF,
} as const;
const GREYLISTED = {
  category: 'unavailable',
  advice: 'Greylisting, or a limit of the receiver.',
  again: BACKOFF,
} as const;
const POLICY = {
  category: 'credential',
  advice: 'The receiver does not trust the sender: check SPF, DKIM and DMARC of `email.from`, and block lists.',
} as const;
const SIGN_IN = { category: 'credential', advice: 'Check `email.username` and `email.password`.' } as const;
const REFUSED = {
  category: 'invalid_request',
  advice: 'The server gives no reason: see the error text. Delete the address only if it happens again on another day.',
} as const;

/** Of the address where it answers RCPT or the mail; of the sender where it answers MAIL FROM. */
const address = (aboutTarget: string) =>
  ({ category: 'credential', advice: 'The server refuses the sender: check `email.from`.', aboutTarget }) as const;

/**
 * Enhanced status codes (RFC 3463, and the IANA registry), reply codes (RFC 5321) of servers that send none, and our own words in
 * CamelCase. Codes that are not here have the category of their family (`familyOf`).
 */
export const emailReasons = {
  421: { category: 'unavailable', advice: 'The server closes the connection.', again: BACKOFF },
  450: GREYLISTED,
  451: GREYLISTED,
  452: LATER,
  454: { category: 'unavailable', advice: 'Sign-in or TLS does not work at the moment.', again: SENT_AGAIN },
  '4.2.2': { category: 'unavailable', advice: 'The mailbox is full.', again: SENT_AGAIN },
  '4.3.2': LATER,
  '4.4.1': { category: 'unavailable', advice: "The receiver's server does not answer.", again: SENT_AGAIN },
  '4.7.0': GREYLISTED,
  '4.7.1': GREYLISTED,
  500: { category: 'invalid_request', advice: 'The server does not understand us: check `email.host`.' },
  501: { category: 'invalid_request', advice: 'The server refuses the form of an address or a command.' },
  503: { category: 'unavailable', advice: 'The server lost track of the connection.', again: SENT_AGAIN },
  530: { category: 'credential', advice: 'The server wants a sign-in or TLS: check `email.username` and `email.tls`.' },
  534: SIGN_IN,
  535: SIGN_IN,
  538: { category: 'credential', advice: 'The server takes passwords over TLS only: check `email.tls`.' },
  550: REFUSED,
  551: REFUSED,
  552: { category: 'invalid_request', advice: 'The mail is too large, or the mailbox full.' },
  553: REFUSED,
  554: REFUSED,
  556: { category: 'invalid_token', advice: 'The domain takes no mail: delete the address.' },
  '5.1.1': address('There is no such mailbox: delete the address.'),
  '5.1.2': address('There is no such domain: delete the address.'),
  '5.1.3': address('The address is malformed: delete it.'),
  '5.1.6': address('The mailbox has moved: delete the address.'),
  '5.1.7': { category: 'credential', advice: 'The server refuses the form of the sender: check `email.from`.' },
  '5.1.8': { category: 'credential', advice: 'The domain of the sender is not known: check `email.from`.' },
  '5.1.10': address('The domain takes no mail (null MX): delete the address.'),
  '5.2.1': {
    category: 'invalid_request',
    advice: 'The mailbox is disabled: delete it if this happens on another day.',
  },
  '5.2.2': { category: 'invalid_request', advice: 'The mailbox is full: pause after three such answers in a week.' },
  '5.2.3': { category: 'invalid_request', advice: 'Shorten the mail: it is larger than the mailbox takes.' },
  '5.3.4': { category: 'invalid_request', advice: 'Shorten the mail: it is larger than the server takes.' },
  '5.4.1': REFUSED,
  '5.5.1': { category: 'invalid_request', advice: 'The server does not know a command: check `email.host`.' },
  '5.5.4': { category: 'invalid_request', advice: 'The server refuses an argument, perhaps the name of this machine.' },
  '5.6.0': { category: 'invalid_request', advice: 'The server refuses the content: check `email.html` and headers.' },
  '5.7.0': {
    category: 'credential',
    advice: 'The server wants a sign-in or TLS (530), or does not trust the sender: check `email.username` and SPF.',
  },
  '5.7.1': POLICY,
  '5.7.8': SIGN_IN,
  '5.7.9': SIGN_IN,
  '5.7.11': { category: 'credential', advice: 'The server takes passwords over TLS only: check `email.tls`.' },
  '5.7.26': POLICY,
  '5.7.51': POLICY,
  '5.7.64': { category: 'credential', advice: 'The server relays no mail of ours: check `email.username`.' },
  ...postingWords('the mail server', 'email.host'),
  Timeout: {
    category: 'unanswered',
    advice: 'The server took the whole mail and did not answer.',
    again: 'A repeat has the same Message-ID.',
  },
  ConnectionLost: {
    category: 'unanswered',
    advice: 'The connection was lost after the whole mail.',
    again: 'A repeat has the same Message-ID.',
  },
  SignInRefused: SIGN_IN,
  TlsRequired: {
    category: 'credential',
    advice: 'The server offers no STARTTLS, or something on the way removes it: check `email.tls` and `email.port`.',
  },
  CertificateInvalid: {
    category: 'credential',
    advice: "The server's certificate is not valid for `email.host`: check the name, and `core.ca_path`.",
  },
  PrivateAddress: {
    category: 'credential',
    advice: 'The server of this app is at a private address: it has to be a public one.',
  },
  InvalidAddress: { category: 'invalid_token', advice: 'Not a mail address: delete it.' },
  Complaint: { category: 'invalid_request', advice: 'The receiver called the mail spam: send nothing more there.' },
  InvalidHeader: { category: 'invalid_request', advice: 'Remove the header from `email.headers`, or correct it.' },
  InvalidReplyTo: { category: 'invalid_request', advice: 'Give `email.reply_to` as an address, or `Name <address>`.' },
  MissingText: { category: 'invalid_request', advice: 'Give `title`, `message`, `email.text` or `email.html`.' },
} as const satisfies ReasonTable;

/** For a code that is not in the table: what the reply code means by itself. */
export function unknownReason(status: number): Reason {
  if (status < 500 && status >= 400) return LATER;
  return status >= 530 && status < 540 ? SIGN_IN : REFUSED;
}

/** Families of enhanced codes whose members mean the same for us, the narrower first. */
const FAMILIES: readonly (readonly [prefix: string, reason: Reason])[] = [
  ['4.', LATER],
  ['5.7.', POLICY],
  ['5.', REFUSED],
];

/** What an enhanced code means that is not in the table. */
export const familyOf = (code: string): Reason | undefined => FAMILIES.find(([prefix]) => code.startsWith(prefix))?.[1];

/** A failure of ours: its category is in the table. */
export const emailFailure = (reason: keyof typeof emailReasons & string, error: string): Failed =>
  failure(emailReasons, reason, error);
