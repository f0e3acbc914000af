import type { FromSchema } from '../config/leaf.ts';
import { choice, flag, list, ours, records, seconds, section, text } from '../config/leaf.ts';
import { connections, maxRetry, RENEWED, rateLimit, requestTimeout } from '../config/provider-keys.ts';
import { VENDOR_HOSTS } from './vendor.ts';

/** Seconds; Mozilla cuts longer ones without a word. */
export const MOST_TTL = 2_592_000;

const pairs = records(
  {
    id: text('', 'Its name in logs and checks; by default made of the public key.', ours),
    public_key: text('', '65 bytes in base64url; may be left out, it follows from the private key.', ours),
    private_key: text('', '32 bytes in base64url.', { martlet: true }),
    state: choice(['', 'current', 'old'], '', 'New subscriptions are made with the one that is `current`.', ours),
  },
  'VAPID key pairs, each `{id, public_key, private_key, state}`: raw keys in base64url, as `martlet vapid` makes them. One is `state: current` (the first, if none says so); keep the others with `state: old` as long as there are subscriptions made with them. In the environment: JSON.',
  { martlet: true },
);

const HOST =
  'a host, `*.suffix` for all below it, each with `:port` for another than 443; `http://host:port` for plain HTTP';

/** `web` of config.yml. */
export const webSection = section('Web Push (browsers) and UnifiedPush.', {
  enabled: flag(true, 'Send to browsers. Without a VAPID key pair and unless set explicitly, it is off.', ours),
  vapid: pairs,
  subject: text(
    '',
    'Whom a push service may turn to: `mailto:` and an address, or `https://…`; needed with `web.vapid`.',
    ours,
  ),
  ttl: seconds(
    2_419_200,
    'How long a push service keeps a push that says nothing about it; 4 weeks, at most 30 days.',
    {
      ...ours,
      maximum: MOST_TTL,
    },
  ),
  navigate: text(
    '',
    'URL that a click leads to when the notification has none. Safari shows a push by itself only with one.',
    ours,
  ),
  hosts: { ...list(`Push services that endpoints may be at: ${HOST}.`, ours), default: VENDOR_HOSTS },
  extra_hosts: list('Further ones, in the same form: UnifiedPush servers, push services of your own.', ours),
  private_networks: list(
    'Private addresses that endpoints may lead to, CIDR each (`10.1.0.0/16`); none by default. Not for apps made by /v1/apps.',
    ours,
  ),
  endpoint: text(
    '',
    'Where all pushes go, whatever host their endpoint names: a push service for trials. Empty: to that host.',
    {
      ...ours,
      pattern: '^(https?://[^/\\s]+/?)?$',
      wanted: 'https://host or https://host:port',
    },
  ),
  max_retry: maxRetry(RENEWED),
  connections,
  rate_limit: rateLimit,
  request_timeout: requestTimeout,
});

export type WebSection = FromSchema<typeof webSection>;
