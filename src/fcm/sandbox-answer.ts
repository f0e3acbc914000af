import type { Verdict } from '../sandbox/steering.ts';
import type { Violation } from './sandbox-message.ts';

/** An error as Google words it: HTTP status, canonical status, message, and the details that FCM adds. */
export interface FcmAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body: string;
}

const fcmError = (errorCode: string) => ({
  '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError',
  errorCode,
});
const badRequest = (fieldViolations: readonly Violation[]) => ({
  '@type': 'type.googleapis.com/google.rpc.BadRequest',
  fieldViolations,
});

function failure(code: number, status: string, message: string, details: readonly object[] = []): FcmAnswer {
  const error = { code, message, status, ...(details.length > 0 ? { details } : {}) };
  return { status: code, body: JSON.stringify({ error }, null, 2) };
}

const CREDENTIAL =
  'Expected OAuth 2 access token, login cookie or other valid authentication credential. ' +
  'See https://developers.google.com/identity/sign-in/web/devconsole-project.';

export const unauthenticated = failure(
  401,
  'UNAUTHENTICATED',
  `Request had invalid authentication credentials. ${CREDENTIAL}`,
);
export const notFound: FcmAnswer = {
  status: 404,
  headers: { 'content-type': 'text/html; charset=UTF-8' },
  body: '<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>',
};
export const noRecipient = failure(400, 'INVALID_ARGUMENT', 'Recipient of the message is not set.', [
  badRequest([{ field: 'message', description: 'Recipient of the message is not set.' }]),
  fcmError('INVALID_ARGUMENT'),
]);
/** Google gives a message that is too large no details at all. */
export const tooLarge = failure(400, 'INVALID_ARGUMENT', 'Request contains an invalid argument.');
export const otherProject = (project: string) =>
  failure(
    403,
    'PERMISSION_DENIED',
    `Permission 'cloudmessaging.messages.create' denied on resource '//cloudresourcemanager.googleapis.com/projects/${project}' (or it may not exist).`,
  );

export function malformed(found: readonly Violation[]): FcmAnswer {
  return failure(400, 'INVALID_ARGUMENT', found.map((one) => one.description).join('\n'), [badRequest(found)]);
}

const unregistered = failure(404, 'NOT_FOUND', 'Requested entity was not found.', [fcmError('UNREGISTERED')]);

/** FCM's words for each verdict. */
export const fcmVerdicts: Readonly<Record<Exclude<Verdict, 'accept'>, FcmAnswer>> = {
  unregistered,
  expired: unregistered,
  'bad-token': failure(400, 'INVALID_ARGUMENT', 'The registration token is not a valid FCM registration token', [
    fcmError('INVALID_ARGUMENT'),
  ]),
  'wrong-topic': failure(403, 'PERMISSION_DENIED', 'SenderId mismatch', [fcmError('SENDER_ID_MISMATCH')]),
  busy: {
    ...failure(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded.', [fcmError('QUOTA_EXCEEDED')]),
    headers: { 'retry-after': 1 },
  },
  down: failure(503, 'UNAVAILABLE', 'The service is currently unavailable.', [fcmError('UNAVAILABLE')]),
  'stale-credential': unauthenticated,
  'bad-credential': failure(401, 'UNAUTHENTICATED', 'Auth error from APNS or Web Push Service', [
    fcmError('THIRD_PARTY_AUTH_ERROR'),
    {
      '@type': 'type.googleapis.com/google.firebase.fcm.v1.ApnsError',
      statusCode: 403,
      reason: 'InvalidProviderToken',
    },
  ]),
};
