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
import { ACCEPTED, type Failed, type Outcome } from '../push/push.ts';

const SANDBOX_TOKEN =
  'The token is not one of production. A sandbox token sent to production: set `development: true` in the request (or `ios.production: false`); otherwise delete the token.';
const PRODUCTION_TOKEN =
  'The token is not one of the sandbox. A production token sent to the sandbox: set `production: true` in the request (or `ios.production: true`); otherwise delete the token.';
const OTHER_KEY = {
  production: 'The key is for the sandbox only: set `development: true`, or use a key that is for production.',
  development: 'The key is for production only: set `production: true`, or use a key that is for the sandbox.',
};

/** Every `reason` of APNs (Apple: "Handling notification responses from APNs"), verbatim. */
export const apnsReasons = {
  BadCollapseId: { category: 'invalid_request', advice: 'Shorten `collapse_id` to at most 64 bytes.' },
  BadDeviceToken: {
    category: 'invalid_token',
    advice:
      'Delete the token; when many good tokens fail so, check whether they belong to the other environment (`production`, `development`).',
    environments: { production: SANDBOX_TOKEN, development: PRODUCTION_TOKEN },
  },
  BadExpirationDate: { category: 'invalid_request', advice: 'Give `expiration` as UNIX seconds.' },
  BadMessageId: { category: 'invalid_request', advice: 'Give `apns_id` as a lower-case UUID, or leave it out.' },
  BadPriority: {
    category: 'invalid_request',
    advice: 'Use `priority` normal or high; a push of type background must be normal.',
  },
  BadTopic: { category: 'invalid_request', advice: 'Check `topic`: the bundle id, with the suffix of the push type.' },
  DeviceTokenNotForTopic: {
    category: 'invalid_token',
    advice: 'The token belongs to another app: check `topic`, then delete the token.',
  },
  DuplicateHeaders: { category: 'invalid_request', advice: 'A header was sent twice: please report it.' },
  IdleTimeout: {
    category: 'unavailable',
    advice: 'APNs closed an idle connection.',
    again: 'Nothing to do: it is sent on another.',
  },
  InvalidPushType: { category: 'invalid_request', advice: 'Use a `push_type` that Apple documents.' },
  MissingDeviceToken: { category: 'invalid_request', advice: 'The token is empty: send none instead.' },
  MissingTopic: { category: 'invalid_request', advice: 'Set `topic` to the bundle id of the app.' },
  PayloadEmpty: { category: 'invalid_request', advice: 'Give the notification some content.' },
  TopicDisallowed: {
    category: 'invalid_request',
    advice:
      'The credential may not push to this `topic`: check the bundle id and the rights of the key or certificate.',
  },
  BadCertificate: { category: 'credential', advice: 'Replace the certificate in `ios.key_path`.' },
  BadCertificateEnvironment: {
    category: 'credential',
    advice: 'The certificate is for the other environment: change `ios.production` or the certificate.',
    environments: {
      production: 'The certificate is for the sandbox only: set `development: true`, or use a production certificate.',
      development: 'The certificate is for production only: set `production: true`, or use a sandbox certificate.',
    },
  },
  ExpiredProviderToken: {
    category: 'stale_credential',
    advice: 'The relay signs a new token and resends; when it persists, set the clock of this machine.',
  },
  Forbidden: { category: 'invalid_request', advice: 'Apple forbids this action for this app; do not resend.' },
  InvalidProviderToken: {
    category: 'credential',
    advice: 'Check `ios.key_id`, `ios.team_id` and that the key is not revoked.',
  },
  MissingProviderToken: { category: 'credential', advice: 'Give a certificate or a `.p8` key that APNs knows.' },
  UnrelatedKeyIdInToken: {
    category: 'credential',
    advice: 'The key changed on an open connection: restart the relay.',
  },
  BadEnvironmentKeyIdInToken: {
    category: 'credential',
    advice: 'The key is for the other environment: change `ios.production` or use a key of this environment.',
    environments: OTHER_KEY,
  },
  BadEnvironmentKeyInToken: {
    category: 'credential',
    advice: 'The key is for the other environment: change `ios.production` or use a key of this environment.',
    environments: OTHER_KEY,
  },
  BadPath: { category: 'invalid_request', advice: 'Check the token and `ios.endpoint`.' },
  MethodNotAllowed: { category: 'invalid_request', advice: 'Check that `ios.endpoint` is APNs.' },
  ExpiredToken: { category: 'invalid_token', advice: 'Delete the token.' },
  Unregistered: {
    category: 'invalid_token',
    advice: 'Delete the token, unless the device registered it again after `unregistered_at`.',
  },
  PayloadTooLarge: {
    category: 'invalid_request',
    advice: 'Shorten the payload to 4,096 bytes, or 5,120 for the push type voip.',
  },
  TooManyProviderTokenUpdates: {
    category: 'unavailable',
    advice: 'Another process signs tokens too often for this connection.',
    again: 'Pushes go on with the present token later.',
  },
  TooManyRequests: { category: 'unavailable', advice: 'Send less often to this device.' },
  InternalServerError: { category: 'unavailable', advice: 'An error inside APNs.', again: AGAIN },
  ServiceUnavailable: { category: 'unavailable', advice: 'APNs is not available at the moment.', again: AGAIN },
  Shutdown: {
    category: 'unavailable',
    advice: 'The server of APNs shuts down.',
    again: 'Nothing to do: it is sent on another connection.',
  },
  InvalidAnswer: {
    category: 'unavailable',
    advice: 'Something between here and APNs answered instead of it: check proxies.',
  },
  SigningFailed: { category: 'credential', advice: 'The key in `ios.key_path` cannot sign: replace it.' },
  SigningUnavailable: {
    category: 'not_sent',
    advice: 'This machine could not load what signs (no free file descriptor?).',
    again: SENT_AGAIN,
  },
} as const satisfies ReasonTable;

/** For a word that is not in the table: what the HTTP status means by itself. */
export function unknownReason(status: number): Reason {
  if (status === 410) return { category: 'invalid_token', advice: 'Delete the token.' };
  if (status === 401 || status === 403) return { category: 'credential', advice: 'Check the key or certificate.' };
  if (saysLater(status))
    return { category: 'unavailable', advice: 'APNs could not take it at the moment.', again: AGAIN };
  return { category: 'invalid_request', advice: 'Look the reason up in the documentation of APNs.' };
}

/** What an answer of APNs means. Never throws, whatever the body is. `now` is UNIX ms, for a Retry-After that is a date. */
export function apnsOutcome(
  status: number,
  headers: ResponseHeaders,
  body: Buffer,
  now = Date.now,
  session?: number,
): Outcome {
  const said = readBody(status, headers, body);
  if (status === 200 && said.reason !== INVALID_ANSWER) return ACCEPTED;
  const { category } = reasonIn(apnsReasons, said.reason) ?? unknownReason(status);
  const retryMs = retryAfterMs(headers['retry-after'], now);
  const providerId = headers['apns-id'];
  return {
    kind: 'failed',
    category,
    reason: said.reason,
    error: said.error,
    status,
    ...(providerId === undefined ? {} : { providerId }),
    ...(said.timestamp === undefined ? {} : { unregisteredAt: said.timestamp }),
    ...(retryMs === undefined ? {} : { retryAfterMs: retryMs }),
    ...(session === undefined ? {} : { session }),
  };
}

/** What a request without an answer means; the fault itself says whether APNs may have processed it. */
export function apnsFault(fault: StreamFault, session?: number): Failed {
  const { code, message, processed, refusal } = fault;
  const verdict = certificateRefused(fault, session);
  if (verdict) return verdict;
  const word = processed === 'no' && refusal ? credentialReasonIn(refusal.text) : undefined;
  return {
    kind: 'failed',
    category: word === undefined ? faultCategory(fault) : 'credential',
    reason: word ?? camelCase(code),
    error: message || code,
    ...(session === undefined ? {} : { session }),
  };
}

/** APNs tells in GOAWAY, as JSON, that it will have nothing from this credential; other reasons there concern the connection. */
function credentialReasonIn(debug: string): string | undefined {
  const reason = jsonObjectIn(debug)?.reason;
  return typeof reason === 'string' && reasonIn(apnsReasons, reason)?.category === 'credential' ? reason : undefined;
}

export const isApnsRefusal = (debug: string): boolean => credentialReasonIn(debug) !== undefined;

interface Said {
  readonly reason: string;
  /** Gorush tells the reason, also when it is empty, or why it could not read one. */
  readonly error: string;
  readonly timestamp?: string;
}

const NO_REASON: Said = { reason: 'NoReason', error: '' };
const INVALID_ANSWER = 'InvalidAnswer';

/**
 * APNs answers with an `apns-id`, and with JSON that holds a reason unless it accepts. What has neither of them was sent by something else.
 * 200 with an empty body is enough: it is what every push ends with, and what simple test servers send.
 */
function readBody(status: number, headers: ResponseHeaders, body: Buffer): Said {
  const foreign: Said = { reason: INVALID_ANSWER, error: `the answer with status ${status} is not one of APNs` };
  const empty = headers['apns-id'] === undefined && status !== 200 ? foreign : NO_REASON;
  if (body.length === 0) return empty;
  const said = jsonObjectIn(body);
  if (!said) return body.toString() === 'null' ? empty : foreign;
  const { reason, timestamp } = said;
  if (reason === undefined || reason === null || reason === '') return { ...empty, ...unregistered(timestamp) };
  return typeof reason === 'string' ? { reason, error: reason, ...unregistered(timestamp) } : foreign;
}

/** ECMA-262: the largest time value that a Date can hold. */
const MAX_DATE = 8.64e15;

/** APNs gives milliseconds since the epoch. */
function unregistered(timestamp: unknown): { timestamp?: string } {
  if (typeof timestamp !== 'number' || !(Math.abs(timestamp) <= MAX_DATE)) return {};
  return { timestamp: new Date(timestamp).toISOString() };
}
