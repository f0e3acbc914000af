import type { FromSchema } from '../config/leaf.ts';
import { choice, flag, integer, list, ours, seconds, section, text } from '../config/leaf.ts';
import { LONGEST_WAIT, rateLimit } from '../config/provider-keys.ts';

/** Five days: RFC 5321 section 4.5.4.1 has senders give up after four or five. */
const LONGEST_AGE = 432_000;

export const TLS_WAYS = ['starttls', 'implicit', 'opportunistic', 'none'] as const;

const dkim = section('DKIM (RFC 6376): mails are signed when all of it is given.', {
  domain: text('', 'Domain that signs (`d=`): that of `email.from`, or one above it.', ours),
  selector: text('', 'Selector (`s=`): the public key is at `<selector>._domainkey.<domain>`.', ours),
  key_path: text('', 'File with the RSA private key, PEM.', { martlet: true }),
  key: text('', 'The key itself, PEM or PEM in base64; overrides `email.dkim.key_path`.', { martlet: true }),
});

/** `email` of config.yml. */
export const emailSection = section('Mail, through an SMTP server.', {
  enabled: flag(true, 'Send mail. Without `email.host` it is off.', ours),
  host: text('', 'The SMTP server that takes our mail: a name or an address.', {
    ...ours,
    pattern: '^[A-Za-z0-9_.:-]*$',
    wanted: 'a host name or an IP address',
  }),
  port: integer(587, 'Its port; usually 587, with `email.tls: implicit` 465.', {
    ...ours,
    minimum: 1,
    maximum: 65_535,
  }),
  username: text('', 'User, with `email.password`; empty: no sign-in.', { martlet: true }),
  password: text('', 'Password of `email.username`.', { martlet: true }),
  tls: choice(
    TLS_WAYS,
    'starttls',
    'Encryption: `starttls` (required), `implicit` (TLS from the first byte), `opportunistic` (STARTTLS where the server offers it), `none`. Certificates are always checked.',
    ours,
  ),
  from: text('', 'Who sends: an address, or `Name <address>`.', ours),
  reply_to: text('', 'Where answers go; empty: to `email.from`.', ours),
  connections: integer(5, 'Connections to the server at a time.', { ...ours, minimum: 1, maximum: 100 }),
  dkim,
  bounces: section('Delivery status notifications (RFC 3464) that your mail server hands over.', {
    secret: text(
      '',
      'Bearer token of `POST /v1/callbacks/email/<app>/bounces`, 16 characters or more; empty: none are taken.',
      {
        martlet: true,
        pattern: '^([\\x21-\\x7e]{16,})?$',
        wanted: '16 characters or more, without blanks',
      },
    ),
  }),
  backoff: {
    ...list('Seconds before the first, second, … retry; the last one repeats.', ours),
    default: ['300', '900', '1800', '3600'] as readonly string[],
  },
  max_age: seconds(
    345_600,
    'After which an undelivered mail is given up, instead of `queue.max_age`; at most 5 days.',
    {
      ...ours,
      minimum: 1,
      maximum: LONGEST_AGE,
    },
  ),
  max_retry: integer(
    100,
    'How often a mail is sent again after an answer that says "later" (4xx, greylisting), or none; `email.max_age` usually ends it sooner. A request can only lower it with `retry`.',
    { ...ours, minimum: 0 },
  ),
  rate_limit: rateLimit,
  request_timeout: seconds(
    300,
    'After which a mail counts as unanswered, connecting included. Servers may take minutes to look at one (RFC 5321 section 4.5.3.2).',
    { ...ours, maximum: LONGEST_WAIT },
  ),
});

export type EmailSection = FromSchema<typeof emailSection>;
