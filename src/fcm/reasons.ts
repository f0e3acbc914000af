import { STATUS_CODES } from 'node:http';
import {
  AGAIN,
  camelCase,
  certificateRefused,
  faultCategory,
  type Reason,
  type ReasonTable,
  reasonIn,
  SENT_AGAIN,
} from '../carrier/reasons.ts';
import type { ResponseHeaders, StreamFault } from '../http2/http2-pool.ts';
import { jsonObjectIn, saysLater } from '../kit/http/answer-form.ts';
import { retryAfterMs } from '../kit/retry-after.ts';
import type { Category, Failed, Outcome, TargetKind } from '../push/push.ts';
import { ACCEPTED } from '../push/push.ts';
import { messageNameIn } from './message-name.ts';

/**
 * FCM's words: the error codes of the v1 API (https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode), the status words
 * of Google's APIs for answers without one, and ours, in CamelCase.
 */
export const fcmReasons = {
  UNREGISTERED: {
    category: 'invalid_token',
    advice: 'The app was removed or the token has expired: delete the token.',
  },
  SENDER_ID_MISMATCH: {
    category: 'invalid_token',
    advice: 'The token belongs to another Firebase project: delete it, or send with the credentials of that project.',
  },
  INVALID_ARGUMENT: {
    category: 'invalid_request',
    advice: 'Correct the field that the error names.',
    aboutTarget: 'The token is malformed or its APNs device token is gone: delete it.',
  },
  QUOTA_EXCEEDED: {
    category: 'unavailable',
    advice: 'The device, topic or project gets too many messages: send fewer.',
  },
  RESOURCE_EXHAUSTED: {
    category: 'unavailable',
    advice: 'The quota of the project is used up: set android.rate_limit or ask Google for more.',
  },
  UNAVAILABLE: { category: 'unavailable', advice: 'FCM is overloaded.', again: AGAIN },
  INTERNAL: { category: 'unavailable', advice: 'An error inside FCM.', again: AGAIN },
  DEADLINE_EXCEEDED: { category: 'unavailable', advice: 'FCM was too slow.', again: AGAIN },
  THIRD_PARTY_AUTH_ERROR: {
    category: 'credential',
    advice: 'Renew the APNs key or the web push certificate in the Firebase console.',
  },
  APNS_AUTH_ERROR: { category: 'credential', advice: 'Renew the APNs key in the Firebase console.' },
  UNAUTHENTICATED: {
    category: 'stale_credential',
    advice: 'The access token was refused and is renewed; if this goes on, check the service account.',
  },
  PERMISSION_DENIED: {
    category: 'credential',
    advice: 'Enable the Firebase Cloud Messaging API and give the service account the right to send messages.',
  },
  PayloadTooLarge: { category: 'invalid_request', advice: 'Shorten the message: FCM takes 4,096 bytes.' },
  NOT_FOUND: { category: 'invalid_request', advice: 'Check project_id: FCM does not know the project.' },
  invalid_grant: {
    category: 'credential',
    advice:
      'Google refuses the credential: check that its key is not revoked, that the clock is right and, for an external_account, that the pool takes the token.',
  },
  invalid_target: {
    category: 'credential',
    advice: 'Google does not know the audience of the external_account: check its pool and provider.',
  },
  invalid_client: { category: 'credential', advice: 'Google does not know the OAuth client: create new credentials.' },
  SignInRefused: { category: 'credential', advice: 'Google refuses the credentials: create a new key.' },
  SignInUnavailable: {
    category: 'not_sent',
    advice: 'No access token could be had: check the way to the token_uri.',
    again: SENT_AGAIN,
  },
  InvalidMessage: { category: 'invalid_request', advice: 'Correct the field that the error names.' },
  InvalidTopic: { category: 'invalid_request', advice: 'Use letters, digits and -_.~% in names of topics.' },
  MissingTarget: { category: 'invalid_token', advice: 'Do not send empty tokens: delete them.' },
  InvalidAnswer: {
    category: 'unavailable',
    advice: 'Something between here and FCM answered instead of it: check proxies.',
  },
} as const satisfies ReasonTable;

/** For a word that is not in the table: what the HTTP status means by itself. */
export function unknownReason(status: number): Reason {
  if (status === 401) return fcmReasons.UNAUTHENTICATED;
  if (status === 403) return fcmReasons.PERMISSION_DENIED;
  if (saysLater(status) || status < 400) {
    return { category: 'unavailable', advice: 'FCM could not take it at the moment.', again: AGAIN };
  }
  return { category: 'invalid_request', advice: 'Look the reason up in the documentation of FCM.' };
}

/** What a push was about, as far as the meaning of an answer depends on it. */
export interface PushedTo {
  readonly kind: TargetKind;
  readonly liveActivity: boolean;
}
const TO_TOKEN: PushedTo = { kind: 'token', liveActivity: false };

interface Detail {
  readonly '@type'?: unknown;
  readonly errorCode?: unknown;
  readonly statusCode?: unknown;
  readonly fieldViolations?: unknown;
}
interface GoogleError {
  readonly message: string;
  readonly status: string;
  readonly details: readonly Detail[];
}

const FCM_ERROR = 'type.googleapis.com/google.firebase.fcm.v1.FcmError';
const APNS_ERROR = 'type.googleapis.com/google.firebase.fcm.v1.ApnsError';
const UNKNOWN_CODES = new Set(['', 'UNSPECIFIED_ERROR']);
const TOKEN_MESSAGE = /registration token is not (?:a )?valid|invalid registration token|device token is disabled/i;
const LONGEST_BODY = 4096;
const GONE = 410;

/** The meaning of FCM's answer. `now` (UNIX ms) is what a Retry-After date is measured from. */
export function fcmOutcome(
  status: number,
  headers: ResponseHeaders,
  body: Buffer,
  to: PushedTo = TO_TOKEN,
  now: () => number = Date.now,
  session?: number,
): Outcome {
  if (status >= 200 && status < 300) return acceptedOutcome(status, body, session);
  const text = body.toString();
  const error = googleError(text);
  const code = error && errorCode(error);
  const reason = code ?? (error?.status || wordFor(status, error !== undefined));
  const category = categoryOf(reason, status, error, code !== undefined, to);
  const retryMs = category === 'unavailable' ? retryAfterMs(headers['retry-after'], now) : undefined;
  return {
    kind: 'failed',
    category,
    reason,
    error: error?.message || `unexpected http response with status: ${status}\n${text.slice(0, LONGEST_BODY)}`,
    status,
    ...(retryMs === undefined ? {} : { retryAfterMs: retryMs }),
    ...(session === undefined ? {} : { session }),
  };
}

/** Google's errors have a form (https://google.aip.dev/193). A 404 or a 401 without it was sent by something on the way. */
const wordFor = (status: number, hasForm: boolean): string =>
  hasForm || saysLater(status) || status < 400
    ? (STATUS_CODES[status] ?? `Status${status}`).replaceAll(/\W/g, '')
    : 'InvalidAnswer';

function acceptedOutcome(status: number, body: Buffer, session: number | undefined): Outcome {
  const simple = messageNameIn(body, 0, body.length);
  if (simple !== undefined) return accepted(simple, session);
  const answer = jsonObjectIn(body.toString());
  const name = answer?.name;
  if (typeof name === 'string' && name !== '') return accepted(name, session);
  // As Google's client takes it. An object with other keys is not FCM's.
  if (answer && Object.keys(answer).length === 0) return ACCEPTED;
  return {
    kind: 'failed',
    category: fcmReasons.InvalidAnswer.category,
    reason: 'InvalidAnswer',
    error: 'error while parsing response: not the JSON of FCM',
    status,
  };
}

const accepted = (providerId: string, session: number | undefined): Outcome =>
  session === undefined ? { kind: 'accepted', providerId } : { kind: 'accepted', providerId, session };

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function googleError(text: string): GoogleError | undefined {
  const error = jsonObjectIn(text)?.error as { message?: unknown; status?: unknown; details?: unknown } | undefined;
  if (typeof error !== 'object' || error === null) return undefined;
  const details = (Array.isArray(error.details) ? error.details : []).filter(
    (detail): detail is Detail => typeof detail === 'object' && detail !== null,
  );
  return { message: textOf(error.message), status: textOf(error.status), details };
}

/** FCM's own code, in whatever place of the details it stands. */
function errorCode({ details }: GoogleError): string | undefined {
  for (const detail of details) {
    const code = detail['@type'] === FCM_ERROR ? textOf(detail.errorCode) : '';
    if (!UNKNOWN_CODES.has(code)) return code;
  }
  return undefined;
}

function categoryOf(
  reason: string,
  status: number,
  error: GoogleError | undefined,
  isFcmCode: boolean,
  to: PushedTo,
): Category {
  const apns = error?.details.find((detail) => detail['@type'] === APNS_ERROR);
  // The status word alone says nothing about the token: a wrong project id answers NOT_FOUND for every one.
  const row = reasonIn(fcmReasons, reason);
  if (reason === 'INVALID_ARGUMENT') return isAboutToken(error, apns, to) ? 'invalid_token' : 'invalid_request';
  if (row?.category === 'invalid_token') {
    return isFcmCode && to.kind === 'token' && !(apns && to.liveActivity) ? 'invalid_token' : 'invalid_request';
  }
  // 401 with APNs' answer in it is about the APNs key in the Firebase console, not about our access token.
  if (error && status === 401 && !isFcmCode) return apns ? 'credential' : 'stale_credential';
  return (row ?? unknownReason(status)).category;
}

/** With a Live Activity in the message, APNs' answer may be about its token and not about the device's. */
function isAboutToken(error: GoogleError | undefined, apns: Detail | undefined, to: PushedTo): boolean {
  if (!error || to.kind !== 'token') return false;
  if (apns) return apns.statusCode === GONE && !to.liveActivity;
  return TOKEN_MESSAGE.test(error.message) || error.details.some(namesToken);
}

const namesToken = ({ fieldViolations }: Detail): boolean =>
  Array.isArray(fieldViolations) &&
  fieldViolations.some((violation: { field?: unknown } | null) => violation?.field === 'message.token');

/** What a request without an answer means, in the words of Google's Go client; the fault itself says whether FCM may have processed it. */
export function fcmFault(fault: StreamFault, session?: number): Failed {
  const verdict = certificateRefused(fault, session);
  if (verdict) return verdict;
  const notSent = fault.processed === 'no';
  const told = notSent
    ? 'failed to establish a connection'
    : /TIMEOUT/.test(fault.code)
      ? 'timed out while making an http call'
      : 'unknown error while making an http call';
  return {
    kind: 'failed',
    category: faultCategory(fault),
    reason: camelCase(fault.code),
    error: `${told}: ${fault.message || fault.code}`,
    ...(session === undefined ? {} : { session }),
  };
}
