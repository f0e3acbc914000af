import { describe, expect, test } from 'vitest';
import { fcmFault, fcmOutcome, fcmReasons, unknownReason } from '../../src/fcm/reasons.ts';
import type { Category } from '../../src/push/push.ts';

const fcmError = (errorCode: string) => ({ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode });
const apnsError = (statusCode: number, reason: string) => ({
  '@type': 'type.googleapis.com/google.firebase.fcm.v1.ApnsError',
  statusCode,
  reason,
});
const badRequest = (field: string) => ({
  '@type': 'type.googleapis.com/google.rpc.BadRequest',
  fieldViolations: [{ field, description: 'Invalid registration token' }],
});
const answer = (code: number, status: string, message: string, ...details: object[]) =>
  JSON.stringify({ error: { code, message, status, ...(details.length > 0 ? { details } : {}) } });

const outcomeOf = (status: number, body: string, headers: Record<string, string> = {}) =>
  fcmOutcome(status, headers, Buffer.from(body));

describe('answers as Google has been seen to give them', () => {
  const cases: [string, number, string, Category, string][] = [
    [
      'an unregistered token',
      404,
      answer(404, 'NOT_FOUND', 'Requested entity was not found.', fcmError('UNREGISTERED')),
      'invalid_token',
      'UNREGISTERED',
    ],
    [
      'a 404 without a code is not a dead token: the project may be wrong',
      404,
      answer(404, 'NOT_FOUND', 'Requested entity was not found.'),
      'invalid_request',
      'NOT_FOUND',
    ],
    ['a 404 page is not a dead token', 404, '<html>Not Found</html>', 'unavailable', 'InvalidAnswer'],
    [
      'a status word that looks like the code is not the code',
      404,
      answer(404, 'UNREGISTERED', 'x'),
      'invalid_request',
      'UNREGISTERED',
    ],
    [
      'a malformed token',
      400,
      answer(
        400,
        'INVALID_ARGUMENT',
        'The registration token is not a valid FCM registration token',
        fcmError('INVALID_ARGUMENT'),
      ),
      'invalid_token',
      'INVALID_ARGUMENT',
    ],
    [
      'a malformed token, told by the field',
      400,
      answer(
        400,
        'INVALID_ARGUMENT',
        'Request contains an invalid argument.',
        fcmError('INVALID_ARGUMENT'),
        badRequest('message.token'),
      ),
      'invalid_token',
      'INVALID_ARGUMENT',
    ],
    [
      'no target, with the code in the second place',
      400,
      answer(
        400,
        'INVALID_ARGUMENT',
        'Recipient of the message is not set.',
        badRequest('message'),
        fcmError('INVALID_ARGUMENT'),
      ),
      'invalid_request',
      'INVALID_ARGUMENT',
    ],
    [
      'a message too big, without details',
      400,
      answer(400, 'INVALID_ARGUMENT', 'Request contains an invalid argument.'),
      'invalid_request',
      'INVALID_ARGUMENT',
    ],
    [
      'a value of the wrong type',
      400,
      answer(
        400,
        'INVALID_ARGUMENT',
        "Invalid value at 'message.data[0].value' (TYPE_STRING), 12",
        badRequest('message.data[0].value'),
      ),
      'invalid_request',
      'INVALID_ARGUMENT',
    ],
    [
      'an iOS app that was removed, newer form',
      400,
      answer(
        400,
        'INVALID_ARGUMENT',
        'APNs device token is disabled.',
        fcmError('INVALID_ARGUMENT'),
        apnsError(410, 'Unregistered'),
      ),
      'invalid_token',
      'INVALID_ARGUMENT',
    ],
    [
      'an iOS app that was removed, older form',
      404,
      answer(
        404,
        'NOT_FOUND',
        'Requested entity was not found.',
        apnsError(410, 'Unregistered'),
        fcmError('UNREGISTERED'),
      ),
      'invalid_token',
      'UNREGISTERED',
    ],
    [
      'a payload that APNs refuses',
      400,
      answer(400, 'INVALID_ARGUMENT', 'x', fcmError('INVALID_ARGUMENT'), apnsError(400, 'BadCollapseId')),
      'invalid_request',
      'INVALID_ARGUMENT',
    ],
    [
      'a token of another project',
      403,
      answer(403, 'PERMISSION_DENIED', 'SenderId mismatch', fcmError('SENDER_ID_MISMATCH')),
      'invalid_token',
      'SENDER_ID_MISMATCH',
    ],
    [
      'a service account without the right to send',
      403,
      answer(403, 'PERMISSION_DENIED', "Permission 'cloudmessaging.messages.create' denied on resource"),
      'credential',
      'PERMISSION_DENIED',
    ],
    ['a 403 page', 403, 'forbidden', 'unavailable', 'InvalidAnswer'],
    [
      'an access token that Google refuses',
      401,
      answer(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.'),
      'stale_credential',
      'UNAUTHENTICATED',
    ],
    ['a 401 page', 401, 'no', 'unavailable', 'InvalidAnswer'],
    [
      'an APNs key that Apple refuses, in the same words',
      401,
      answer(
        401,
        'UNAUTHENTICATED',
        'Request is missing required authentication credential.',
        apnsError(403, 'InvalidProviderToken'),
        fcmError('THIRD_PARTY_AUTH_ERROR'),
      ),
      'credential',
      'THIRD_PARTY_AUTH_ERROR',
    ],
    [
      'the same without a code',
      401,
      answer(401, 'UNAUTHENTICATED', 'x', apnsError(403, 'InvalidProviderToken')),
      'credential',
      'UNAUTHENTICATED',
    ],
    [
      'too many for a device',
      429,
      answer(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded.', fcmError('QUOTA_EXCEEDED')),
      'unavailable',
      'QUOTA_EXCEEDED',
    ],
    [
      'too many for the project, which has no code',
      429,
      answer(429, 'RESOURCE_EXHAUSTED', "Quota exceeded for quota metric 'Send requests'", {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: 'RATE_LIMIT_EXCEEDED',
      }),
      'unavailable',
      'RESOURCE_EXHAUSTED',
    ],
    [
      'overload',
      503,
      answer(503, 'UNAVAILABLE', 'The service is currently unavailable.', fcmError('UNAVAILABLE')),
      'unavailable',
      'UNAVAILABLE',
    ],
    [
      'an inner error',
      500,
      answer(500, 'INTERNAL', 'Internal error encountered.', fcmError('INTERNAL')),
      'unavailable',
      'INTERNAL',
    ],
    ['an error page', 502, '<html>Please try again in 30 seconds</html>', 'unavailable', 'BadGateway'],
    [
      'a code that says nothing',
      503,
      answer(503, 'UNAVAILABLE', 'x', fcmError('UNSPECIFIED_ERROR')),
      'unavailable',
      'UNAVAILABLE',
    ],
    ['a new code', 418, answer(418, 'TEAPOT', 'short and stout', fcmError('SHORT')), 'invalid_request', 'SHORT'],
    ['a word that is a property of every object', 500, answer(500, 'constructor', 'x'), 'unavailable', 'constructor'],
    ['a redirect', 302, '', 'unavailable', 'Found'],
    [
      'details that are none',
      400,
      '{"error":{"message":"m","details":[null,3,"x",{"fieldViolations":[null]}]}}',
      'invalid_request',
      'BadRequest',
    ],
    ['a 200 that is not FCM’s', 200, '<html>', 'unavailable', 'InvalidAnswer'],
    ['an empty 200', 200, '', 'unavailable', 'InvalidAnswer'],
    ['a 200 with the JSON of something else', 200, '{"status":"ok"}', 'unavailable', 'InvalidAnswer'],
    ['a 404 of Google', 404, answer(404, 'NOT_FOUND', 'no such project'), 'invalid_request', 'NOT_FOUND'],
    ['a 403 with JSON of something else', 403, '{"message":"denied"}', 'unavailable', 'InvalidAnswer'],
    ['an empty 400', 400, '', 'unavailable', 'InvalidAnswer'],
    ['a 407', 407, '', 'unavailable', 'InvalidAnswer'],
  ];

  test.each(cases)('%s', (_, status, body, category, reason) => {
    expect(outcomeOf(status, body)).toMatchObject({ kind: 'failed', category, reason, status });
  });

  test('a push accepted is known by its name', () => {
    expect(outcomeOf(200, '{\n "name": "projects/p/messages/1"\n}')).toEqual({
      kind: 'accepted',
      providerId: 'projects/p/messages/1',
    });
    expect(outcomeOf(200, '{}')).toEqual({ kind: 'accepted' });
  });
});

test('the error is Google’s message, or the whole answer when there is none', () => {
  expect(outcomeOf(500, '<html>')).toMatchObject({ error: 'unexpected http response with status: 500\n<html>' });
  expect(outcomeOf(400, '{}')).toMatchObject({ error: 'unexpected http response with status: 400\n{}' });
  expect(outcomeOf(404, answer(404, 'NOT_FOUND', 'gone'))).toMatchObject({ error: 'gone' });
});

test('a topic is never called a dead token', () => {
  const body = Buffer.from(answer(404, 'NOT_FOUND', 'x', fcmError('UNREGISTERED')));
  const outcome = fcmOutcome(404, {}, body, { kind: 'topic', liveActivity: false });
  expect(outcome).toMatchObject({ category: 'invalid_request', reason: 'UNREGISTERED' });
});

test('with a Live Activity in the message, what APNs says does not condemn the FCM token', () => {
  const to = { kind: 'token', liveActivity: true } as const;
  const gone = answer(400, 'INVALID_ARGUMENT', 'x', fcmError('INVALID_ARGUMENT'), apnsError(410, 'Unregistered'));
  expect(fcmOutcome(400, {}, Buffer.from(gone), to)).toMatchObject({ category: 'invalid_request' });
  const unregistered = answer(404, 'NOT_FOUND', 'x', fcmError('UNREGISTERED'));
  expect(fcmOutcome(404, {}, Buffer.from(unregistered), to)).toMatchObject({ category: 'invalid_token' });
});

describe('Retry-After', () => {
  const now = () => Date.parse('Wed, 21 Oct 2026 07:28:00 GMT');
  const answered = (value: string, status = 503, body = '') =>
    fcmOutcome(status, { 'retry-after': value }, Buffer.from(body), undefined, now);

  test('is in seconds or a date', () => {
    expect(answered('7')).toMatchObject({ retryAfterMs: 7000 });
    expect(answered('Wed, 21 Oct 2026 07:28:30 GMT')).toMatchObject({ retryAfterMs: 30_000 });
    expect(answered('Wed, 21 Oct 2026 07:00:00 GMT')).toMatchObject({ retryAfterMs: 0 });
  });

  test('counts only where a retry makes sense, and when it can be read', () => {
    expect(answered('soon')).not.toHaveProperty('retryAfterMs');
    expect(answered('7', 404, answer(404, 'NOT_FOUND', 'x'))).not.toHaveProperty('retryAfterMs');
  });
});

test('a fault is told in the words of Google’s Go client, and whether a push may have got through', () => {
  const fault = { code: 'CONNECT_FAILED', message: 'ECONNREFUSED' } as const;
  expect(fcmFault({ ...fault, processed: 'no' })).toEqual({
    kind: 'failed',
    category: 'not_sent',
    reason: 'ConnectFailed',
    error: 'failed to establish a connection: ECONNREFUSED',
  });
  expect(fcmFault({ code: 'TIMEOUT', processed: 'maybe', message: 'no answer' })).toMatchObject({
    category: 'unanswered',
    reason: 'Timeout',
    error: 'timed out while making an http call: no answer',
  });
  expect(fcmFault({ code: 'SESSION_LOST', processed: 'maybe', message: 'x' })).toMatchObject({
    category: 'unanswered',
    reason: 'SessionLost',
  });
});

test('every reason has its advice, one sentence', () => {
  for (const { advice } of [...Object.values(fcmReasons), ...[401, 403, 404, 500].map(unknownReason)]) {
    expect(advice).toMatch(/^[A-Z].*\.$/);
  }
});
