import { flag, integer, ours, perSecond, seconds, section, shown, text } from './leaf.ts';

const origin = (url: string, description: string) =>
  text(url, description, { ...ours, pattern: '^https?://[^/\\s]+/?$', wanted: 'https://host or https://host:port' });

const connections = integer(0, 'HTTP/2 connections to each of its hosts; 0: as many as needed, up to 8.', {
  ...ours,
  minimum: 0,
  maximum: 1000,
});
const rateLimit = perSecond(0, 'Pushes per second; 0: no limit.', ours);
/** A day: timers cannot wait longer than 24 days, and go off at once instead. */
export const LONGEST_WAIT = 86_400;

const requestTimeout = seconds(15, 'After which a push without an answer counts as unanswered.', {
  ...ours,
  maximum: LONGEST_WAIT,
});
const RETRIED =
  'How often a push is sent again after an answer that says "later" (429, 5xx), or none; a request can only lower it with `retry`.';
/** What `FREE_RETRIES` of the retry decision grants. */
const RENEWED = "A renewed access token's retry is not counted.";

export const androidSection = section('Firebase Cloud Messaging (FCM).', {
  enabled: flag(true, 'Send to Android. Without credentials and unless set explicitly, it is off.'),
  key_path: text('', 'File with the service account, JSON. GOOGLE_APPLICATION_CREDENTIALS serves as well.'),
  credential: text('', 'The service account itself, JSON or JSON in base64; goes before `android.key_path`.'),
  max_retry: integer(
    0,
    `${RETRIED} A 503 or a lost connection is followed by one retry even with 0, as Google's client repeats them. ${RENEWED}`,
  ),
  endpoint: origin(
    'https://fcm.googleapis.com',
    'Where FCM is; sign-in goes to the `token_uri` of the service account.',
  ),
  connections,
  rate_limit: rateLimit,
  request_timeout: requestTimeout,
});

export const huaweiSection = section('Huawei Mobile Services (HMS).', {
  enabled: flag(false, 'Send to Huawei.'),
  appsecret: text('', 'Secret of the app.'),
  appid: text('', 'Id of the app.', shown),
  max_retry: integer(0, `${RETRIED} ${RENEWED}`),
  endpoint: origin('https://push-api.cloud.huawei.com', 'Where HMS push is.'),
  auth_endpoint: origin('https://oauth-login.cloud.huawei.com', 'Where HMS sign-in is.'),
  rate_limit: rateLimit,
  request_timeout: requestTimeout,
});

export const iosSection = section('Apple Push Notification service (APNs).', {
  enabled: flag(false, 'Send to iOS.'),
  key_path: text('', 'File with the token key (`.p8`) or the certificate and its key (`.pem`, `.p12`).'),
  key_base64: text('', 'The same in base64; used when no path is given.'),
  key_type: text('pem', 'What `ios.key_base64` holds: `pem`, `p12` or `p8`.', shown),
  password: text('', 'Password of the certificate.'),
  production: flag(false, "Send to Apple's production host unless a request says otherwise."),
  max_concurrent_pushes: integer(100, 'Tokens of one notification that take their turn as one batch; 0 or less: 1000.'),
  max_retry: integer(0, RETRIED),
  key_id: text('', 'Id of the token key, ten characters; needed with `.p8`.'),
  team_id: text('', 'Id of the team, ten characters; needed with `.p8`.'),
  endpoint: origin('https://api.push.apple.com', 'Where production APNs is.'),
  sandbox_endpoint: origin('https://api.sandbox.push.apple.com', 'Where development APNs is.'),
  connections,
  rate_limit: rateLimit,
  request_timeout: requestTimeout,
  refuse_oversized: flag(
    false,
    "Fail a payload over APNs' limit (4,096 bytes, 5,120 for voip) at once; else APNs is asked, once for each token.",
    ours,
  ),
  generate_apns_id: flag(false, 'Give each push an apns-id of our own when the request has none.', ours),
});

export const sandboxSection = section('Simulated providers inside the process.', {
  enabled: flag(
    false,
    'Send to simulated APNs, FCM and HMS servers instead of the real ones; needs no credentials. Never in production.',
    ours,
  ),
});
