import { STATUS_CODES } from 'node:http';
import { AGAIN, camelCase, type Reason, SENT_AGAIN } from '../carrier/reasons.ts';
import type { ResponseHeaders, StreamFault } from '../http2/http2-pool.ts';
import { retryAfterMs } from '../kit/retry-after.ts';
import { ACCEPTED, type Category, type Failed, type Outcome } from '../push/push.ts';
import type { Vendor } from './vendor.ts';

const LATER = {
  category: 'unavailable',
  advice: 'The push service could not take it at the moment.',
  again: AGAIN,
} as const;
const DELETE = 'The subscription is gone: delete it; the browser makes another at its next visit.';
const BREAKS_RULES = 'The push service finds a header or the body malformed: please report it.';

/**
 * What push services say (Apple's `reason`, verbatim; Mozilla's `errno` behind `Errno`; for the others the words of the HTTP
 * status), and ours. RFC 8030 knows statuses only.
 */
export const webPushReasons = {
  NotFound: { category: 'invalid_token', advice: DELETE },
  Gone: { category: 'invalid_token', advice: DELETE },
  BadPath: { category: 'invalid_token', advice: DELETE },
  Errno102: { category: 'invalid_token', advice: DELETE },
  Errno103: { category: 'invalid_token', advice: DELETE },
  Errno105: { category: 'invalid_token', advice: DELETE },
  Errno106: { category: 'invalid_token', advice: DELETE },
  KeyMismatch: {
    category: 'credential',
    advice:
      'The subscription was made with another VAPID key: add that pair to `web.vapid` (`state: old`), or let the browser subscribe again.',
  },
  ExpiredToken: {
    category: 'stale_credential',
    advice:
      'The push service finds the signature expired: the relay signs again by its clock; set the clock of this machine.',
  },
  BadJwtToken: { category: 'credential', advice: 'Check `web.subject` and the clock of this machine.' },
  BadAuthorizationHeader: { category: 'credential', advice: 'Check `web.vapid`.' },
  BadVapidPublicKey: { category: 'credential', advice: 'Check `web.vapid`.' },
  Unauthorized: {
    category: 'credential',
    advice:
      'Check `web.vapid` and `web.subject`; a UnifiedPush server of your own must allow everyone to write to `up*`.',
  },
  Forbidden: {
    category: 'credential',
    advice:
      'Check `web.vapid` and `web.subject`; a UnifiedPush server of your own must allow everyone to write to `up*`.',
  },
  Errno109: { category: 'credential', advice: 'Check `web.vapid` and `web.subject`.' },
  PayloadTooLarge: {
    category: 'invalid_request',
    advice: 'Shorten the notification: 3,993 bytes are the most, and some 2,700 reach Firefox on Android.',
  },
  Errno104: {
    category: 'invalid_request',
    advice: 'Shorten the notification: some 2,700 bytes reach Firefox on Android.',
  },
  MissingText: {
    category: 'invalid_request',
    advice: 'Give a `title` or a `message`: browsers end subscriptions of silent pushes.',
  },
  InvalidSubscription: {
    category: 'invalid_request',
    advice: 'Send the JSON of the subscription as the browser gives it.',
  },
  BlockedHost: {
    category: 'invalid_request',
    advice:
      'The endpoint is on no host of `web.hosts` and `web.extra_hosts`: add it if it is a push service that you trust.',
  },
  PrivateAddress: {
    category: 'invalid_request',
    advice: 'The endpoint leads to a private address: add its network to `web.private_networks` if that is meant.',
  },
  Redirect: {
    category: 'invalid_request',
    advice: 'No push service redirects: check the endpoint; redirects are not followed.',
  },
  BadTtl: { category: 'invalid_request', advice: 'Give `web.ttl` in seconds, 0 or more.' },
  BadUrgency: { category: 'invalid_request', advice: 'Use very-low, low, normal or high for `web.urgency`.' },
  BadTopic: { category: 'invalid_request', advice: 'Use 1 to 32 characters of A-Z a-z 0-9 - _ for `web.topic`.' },
  BadWebPushTopic: {
    category: 'invalid_request',
    advice: 'Apple decodes `web.topic` as base64url: use a multiple of 4 characters.',
  },
  BadWebPushRequest: { category: 'invalid_request', advice: BREAKS_RULES },
  MethodNotAllowed: { category: 'invalid_request', advice: 'Check the endpoint: this is no push service.' },
  Errno101: { category: 'invalid_request', advice: BREAKS_RULES },
  Errno110: { category: 'invalid_request', advice: BREAKS_RULES },
  Errno111: { category: 'invalid_request', advice: BREAKS_RULES },
  Errno112: { category: 'invalid_request', advice: 'Give `web.ttl` in seconds, 0 or more.' },
  Errno113: { category: 'invalid_request', advice: 'Use 1 to 32 characters of A-Z a-z 0-9 - _ for `web.topic`.' },
  BadRequest: { category: 'invalid_request', advice: BREAKS_RULES },
  TooManyRequests: {
    category: 'unavailable',
    advice: 'The push service wants fewer.',
    again: 'Pushes to it wait as long as it says.',
  },
  Throttled: { category: 'unavailable', advice: 'The device gets too many.', again: SENT_AGAIN },
  CredentialPaused: {
    category: 'not_sent',
    advice: 'The push service refuses every push signed with this VAPID pair: see the failures before it.',
  },
  NotEncrypted: { category: 'not_sent', advice: 'A thread of the relay was lost.', again: SENT_AGAIN },
  IdleTimeout: LATER,
  InternalServerError: LATER,
  ServiceUnavailable: LATER,
  Shutdown: LATER,
  Errno201: LATER,
  Errno202: LATER,
  Errno900: LATER,
  Errno901: LATER,
  Errno902: LATER,
  Errno903: LATER,
} as const satisfies Record<string, Reason>;

/** For a word that is not in the table, and for every status without one: RFC 8030, and what it leaves open. */
export function unknownWebPushReason(status: number): Reason {
  if (status === 404 || status === 410) return { category: 'invalid_token', advice: DELETE };
  if (status === 401 || status === 403) return webPushReasons.Forbidden;
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return LATER;
  }
  return { category: 'invalid_request', advice: 'Look the answer up in the documentation of the push service.' };
}

/** What an answer says beyond its outcome. */
export interface WebPushAnswer {
  readonly outcome: Outcome;
  /** The answer speaks of our clock, or of an expiry; UNIX milliseconds of the service's own, if it says. */
  readonly clock?: { readonly at: number | undefined };
}

interface Said {
  readonly reason: string;
  readonly error: string;
}

/**
 * The meaning of a push service's answer. Never throws, whatever the body is. The status decides: a body may be absent, or
 * the page of a gateway. `now` (UNIX ms) is what a Retry-After date and the service's `Date` are measured from.
 */
export function webPushAnswer(
  status: number,
  headers: ResponseHeaders,
  body: Buffer,
  vendor: Vendor,
  now: () => number = Date.now,
  session?: number,
): WebPushAnswer {
  if (status >= 200 && status < 300) return { outcome: acceptedOutcome(headers, session) };
  const said = vendorWords[vendor](status, headers, body.toString('utf8', 0, LONGEST_BODY));
  const isAboutUs = (status === 401 || status === 403) && said.reason !== 'KeyMismatch';
  const clock = isAboutUs ? clockTrouble(said.error, headers.date, now) : undefined;
  const reason = clock ? 'ExpiredToken' : said.reason;
  const category = categoryOf(reason, status);
  const retryMs = retryAfterMs(headers['retry-after'], now);
  const outcome: Failed = {
    kind: 'failed',
    category,
    reason,
    error: said.error,
    status,
    ...(retryMs === undefined ? {} : { retryAfterMs: retryMs }),
    ...(session === undefined ? {} : { session }),
    // What is wrong with one pair is counted for that pair, and must not hold up the pushes of another.
    ...(category === 'credential' ? { sparesLane: true as const } : {}),
  };
  return { outcome, ...(clock ? { clock } : {}) };
}

const LONGEST_BODY = 2048;
const LONGEST_ERROR = 300;

/** RFC 8030 section 5: `Location` is the push's own resource. */
function acceptedOutcome(headers: ResponseHeaders, session: number | undefined): Outcome {
  const { location } = headers;
  if (!location && session === undefined) return ACCEPTED;
  return {
    kind: 'accepted',
    ...(location ? { providerId: location } : {}),
    ...(session === undefined ? {} : { session }),
  };
}

/** The status alone says whether a subscription is dead: no word of a body does, which may be the page of a gateway. */
function categoryOf(reason: string, status: number): Category {
  const general = unknownWebPushReason(status).category;
  if (general === 'invalid_token' || status >= 500) return general;
  const row = Object.hasOwn(webPushReasons, reason) ? webPushReasons[reason as keyof typeof webPushReasons] : undefined;
  return row === undefined || row.category === 'invalid_token' ? general : row.category;
}

/** A clock that is wrong by more than this is what a refused signature is about. */
const WRONG_CLOCK = 300_000;
const ABOUT_CLOCK = /expir|too long|not yet valid|\biat\b|\bnbf\b|clock/i;

function clockTrouble(
  error: string,
  date: string | undefined,
  now: () => number,
): { at: number | undefined } | undefined {
  const theirs = Date.parse(date ?? '');
  const at = Number.isNaN(theirs) ? undefined : theirs;
  const isWrong = at !== undefined && Math.abs(at - now()) > WRONG_CLOCK;
  return isWrong || ABOUT_CLOCK.test(error) ? { at } : undefined;
}

type Words = (status: number, headers: ResponseHeaders, text: string) => Said;

/** The words of the status in CamelCase: `Not Found` is NotFound. */
const statusReason = (status: number): string => {
  if (status >= 300 && status < 400) return 'Redirect';
  return (STATUS_CODES[status] ?? `Status${status}`).replaceAll(/\W/g, '');
};

const plain: Words = (status, _headers, text) => {
  const { error, message } = jsonOf(text);
  const named = [message, error].find((value) => typeof value === 'string' && value !== '');
  const line = text.split('\n', 1)[0]?.trim() ?? '';
  const words = typeof named === 'string' ? named : /^[<{[]/.test(line) ? '' : line;
  const reason = statusReason(status);
  return { reason, error: words ? `${reason}: ${short(words)}` : `the push service answered ${status}` };
};

/** An answer may quote the endpoint, which is a secret. */
const short = (words: string): string => words.replace(/\bhttps?:\/\/\S+/gi, '(a URL)').slice(0, LONGEST_ERROR);

function jsonOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

const apple: Words = (status, headers, text) => {
  const { reason } = jsonOf(text);
  if (typeof reason !== 'string' || !/^\w{1,64}$/.test(reason)) return plain(status, headers, text);
  return { reason: reason === 'VapidPkHashMismatch' ? 'KeyMismatch' : reason, error: reason };
};

const mozilla: Words = (status, headers, text) => {
  const { errno, message } = jsonOf(text);
  const words = typeof message === 'string' ? short(message) : '';
  if (status === 401 && words.includes('VAPID public key mismatch')) return { reason: 'KeyMismatch', error: words };
  // Null for errors of their database and of conditions: the status stands.
  if (typeof errno !== 'number')
    return words ? { reason: statusReason(status), error: words } : plain(status, headers, text);
  return { reason: `Errno${errno}`, error: words || `errno ${errno}` };
};

const OTHER_KEY = /do(?:es)? not correspond to the (?:credentials|sender)/i;

const google: Words = (status, headers, text) => {
  const said = plain(status, headers, text);
  return status === 403 && OTHER_KEY.test(text) ? { ...said, reason: 'KeyMismatch' } : said;
};

const microsoft: Words = (status, headers, text) => {
  const words = [headers['x-wns-status'], headers['x-wns-notificationstatus'], headers['x-wns-error-description']];
  const said = short(words.filter(Boolean).join(' '));
  const error = said || plain(status, headers, text).error;
  // A signature that has expired is refused alike.
  if (status === 401 && !ABOUT_CLOCK.test(error)) return { reason: 'KeyMismatch', error };
  const isThrottled = status === 406 || headers['x-wns-notificationstatus']?.toLowerCase() === 'channelthrottled';
  return { reason: isThrottled ? 'Throttled' : statusReason(status), error };
};

const vendorWords: Record<Vendor, Words> = { apple, mozilla, google, microsoft, other: plain };

/** What a request without an answer means; the fault itself says whether the push service may have processed it. */
export function webPushFault(fault: StreamFault, session?: number): Failed {
  if (fault.code === 'PrivateAddress') return PRIVATE;
  return {
    kind: 'failed',
    category: fault.processed === 'no' ? 'not_sent' : 'unanswered',
    reason: camelCase(fault.code),
    error: fault.message || fault.code,
    ...(session === undefined ? {} : { session }),
  };
}

/** A failure of ours, before anything was sent. */
export const webPushFailure = (reason: keyof typeof webPushReasons, error: string): Failed => ({
  kind: 'failed',
  category: webPushReasons[reason].category,
  reason,
  error: `${reason}: ${error}`,
});

/** The guard of the connections has refused: no packet was sent, and none will be. */
const PRIVATE: Failed = {
  ...webPushFailure('PrivateAddress', 'the endpoint leads to a private address'),
  sparesLane: true,
};
