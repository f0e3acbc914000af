import type { FromSchema } from '../config/leaf.ts';
import { flag, integer, ours, section, shown, text } from '../config/leaf.ts';
import { connections, maxRetry, origin, rateLimit, requestTimeout } from '../config/provider-keys.ts';

/** `ios` of config.yml. */
export const apnsSection = section('Apple Push Notification service (APNs).', {
  enabled: flag(false, 'Send to iOS.'),
  key_path: text('', 'File with the token key (`.p8`) or the certificate and its key (`.pem`, `.p12`).'),
  key_base64: text('', 'The same in base64; used when no path is given.'),
  key_type: text('pem', 'What `ios.key_base64` holds: `pem`, `p12` or `p8`.', shown),
  password: text('', 'Password of the certificate.'),
  topic: text(
    '',
    'The apns-topic (bundle id) of pushes that the hub makes, for an app without `default_topic`; those of `/api/push` do not get it.',
    {
      ...ours,
      pattern: '^[A-Za-z0-9._-]*$',
      wanted: 'a bundle id',
    },
  ),
  production: flag(false, "Send to Apple's production host unless a request says otherwise."),
  max_concurrent_pushes: integer(100, 'Tokens of one notification that take their turn as one batch; 0 or less: 1000.'),
  max_retry: maxRetry(),
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

export type ApnsSection = FromSchema<typeof apnsSection>;
