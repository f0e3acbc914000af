import type { FromSchema } from '../config/leaf.ts';
import { flag, ours, section, text } from '../config/leaf.ts';
import { connections, maxRetry, origin, RENEWED, rateLimit, requestTimeout } from '../config/provider-keys.ts';

/** `android` of config.yml. */
export const fcmSection = section('Firebase Cloud Messaging (FCM).', {
  enabled: flag(true, 'Send to Android. Without credentials and unless set explicitly, it is off.'),
  key_path: text(
    '',
    'File with the service account, or another credential of Google (docs/fcm.md), JSON. GOOGLE_APPLICATION_CREDENTIALS serves as well.',
  ),
  credential: text('', 'The same itself, JSON or JSON in base64; overrides `android.key_path`.'),
  project_id: text('', 'The Firebase project, where the credential does not name it or another one is meant.', ours),
  max_retry: maxRetry(
    `A 503 or a lost connection is followed by one retry even with 0, as Google's client repeats them. ${RENEWED}`,
  ),
  endpoint: origin('https://fcm.googleapis.com', 'Where FCM is; sign-in goes to the addresses in the credential.'),
  connections,
  rate_limit: rateLimit,
  request_timeout: requestTimeout,
});

export type FcmSection = FromSchema<typeof fcmSection>;
