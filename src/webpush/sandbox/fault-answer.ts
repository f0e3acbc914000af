import type { AnswerHeaders, Exchange } from '../../sandbox/exchange.ts';
import type { Verdict } from '../../sandbox/steering.ts';
import type { Vendor } from '../vendor.ts';
import type { VapidFault } from './vapid-check.ts';

/** What goes wrong with a push, as one word for all vendors. */
export type PushFault =
  | VapidFault
  | 'method'
  | 'ttl'
  | 'urgency'
  | 'topic'
  | 'coding'
  | 'size'
  | 'body'
  | 'gone'
  | 'unknown'
  | 'busy'
  | 'down'
  | 'refused';

interface Words {
  readonly status: number;
  /** Apple's `reason`. */
  readonly apple: string;
  readonly errno: number;
  /** What Mozilla, and others in their manner, say. */
  readonly text: string;
}

const row = (status: number, apple: string, errno: number, text: string): Words => ({ status, apple, errno, text });

const words: Readonly<Record<PushFault, Words>> = {
  missing: row(401, 'BadAuthorizationHeader', 109, 'Missing VAPID token'),
  malformed: row(401, 'BadJwtToken', 109, 'Invalid VAPID token'),
  'bad-signature': row(401, 'BadJwtToken', 109, 'Invalid VAPID token: InvalidSignature'),
  'other-key': row(401, 'VapidPkHashMismatch', 109, 'VAPID public key mismatch'),
  audience: row(401, 'BadJwtToken', 109, 'Invalid VAPID audience'),
  expired: row(401, 'BadJwtToken', 109, 'Invalid VAPID expiry'),
  'too-long': row(401, 'BadJwtToken', 109, 'The VAPID token expiration is too long'),
  subject: row(401, 'BadJwtToken', 109, 'Missing sub'),
  refused: row(401, 'BadJwtToken', 109, 'Invalid VAPID token: refused by the sandbox'),
  method: row(405, 'MethodNotAllowed', 999, 'Method Not Allowed'),
  ttl: row(400, 'BadTtl', 111, 'Missing TTL value'),
  urgency: row(400, 'BadUrgency', 101, 'Invalid Urgency'),
  topic: row(400, 'BadWebPushTopic', 113, 'Invalid topic'),
  coding: row(400, 'BadWebPushRequest', 101, 'Unknown Content-Encoding'),
  body: row(400, 'BadWebPushRequest', 110, 'Invalid aes128gcm body'),
  size: row(413, 'PayloadTooLarge', 104, 'Data payload must be smaller than 4096 bytes'),
  gone: row(410, 'Unregistered', 106, 'No such subscription'),
  unknown: row(404, 'BadPath', 102, 'Request did not validate invalid token'),
  busy: row(429, 'TooManyRequests', 999, 'Too many requests'),
  down: row(503, 'ServiceUnavailable', 202, 'Please try again later'),
};

const FCM_MISMATCH =
  'the VAPID credentials in the authorization header do not correspond to the credentials used to create the subscriptions.\n';

/** The status of a vendor where it is not that of RFC 8292. */
function statusOf(fault: PushFault, vendor: Vendor, usual: number): number {
  if (vendor === 'apple' && usual === 401) return fault === 'other-key' ? 400 : 403;
  return vendor === 'google' && usual === 401 ? 403 : usual;
}

/** Answers in the manner of the vendor whose host was called. */
export function answerFault(exchange: Exchange, vendor: Vendor, fault: PushFault, now: number): void {
  const { status: usual, text } = words[fault];
  const status = statusOf(fault, vendor, usual);
  const { type, body, own = {} } = manners[vendor](words[fault], fault, status);
  const headers: AnswerHeaders = {
    date: new Date(now).toUTCString(),
    'content-type': type,
    ...(status === 429 || status === 503 ? { 'retry-after': 1 } : {}),
    ...own,
  };
  exchange.respond(status, headers, body ?? `${text}\n`);
}

interface Manner {
  readonly type: string;
  readonly own?: AnswerHeaders;
  /** Default: the text. */
  readonly body?: string;
}

const JSON_TYPE = 'application/json';
const PLAIN = 'text/plain';
const MORE = 'https://autopush.readthedocs.io/en/latest/http.html#error-codes';

const manners: Readonly<Record<Vendor, (said: Words, fault: PushFault, status: number) => Manner>> = {
  apple: ({ apple }) => ({ type: JSON_TYPE, body: JSON.stringify({ reason: apple }) }),
  microsoft: ({ text }) => ({ type: PLAIN, own: { 'x-wns-error-description': text }, body: '' }),
  mozilla: ({ errno, text }, _, code) => ({
    type: JSON_TYPE,
    body: JSON.stringify({ code, errno, error: text, message: text, more_info: MORE }),
  }),
  google: (_, fault) => (fault === 'other-key' ? { type: PLAIN, body: FCM_MISMATCH } : { type: PLAIN }),
  other: () => ({ type: PLAIN }),
};

/** What a target asks for, as a fault. */
export const faultOf = {
  unregistered: 'gone',
  expired: 'gone',
  'bad-token': 'unknown',
  'wrong-topic': 'other-key',
  busy: 'busy',
  down: 'down',
  'stale-credential': 'expired',
  'bad-credential': 'refused',
} as const satisfies Record<Exclude<Verdict, 'accept'>, PushFault>;
