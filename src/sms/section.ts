import type { FromSchema } from '../config/leaf.ts';
import { flag, integer, list, ours, section, text } from '../config/leaf.ts';
import { maxRetry, origin, rateLimit, requestTimeout } from '../config/provider-keys.ts';

const sid = (kind: string, description: string) =>
  text('', description, { ...ours, pattern: '^([A-Za-z0-9_-]{2,64})?$', wanted: `an id such as ${kind}…` });

/** `sms` of config.yml. */
export const smsSection = section("SMS through Twilio's Messages API, or a provider that speaks it.", {
  enabled: flag(true, 'Send SMS. Without credentials it is off.', ours),
  account_sid: sid('AC', 'Id of the account.'),
  auth_token: text('', 'Secret of the account. It signs status callbacks and STOP messages as well.', {
    martlet: true,
  }),
  api_key: sid('SK', 'Id of an API key, which signs requests in place of the account; with `sms.api_secret`.'),
  api_secret: text('', 'Secret of `sms.api_key`.', { martlet: true }),
  from: text('', 'Who sends: a number (`+49…`), a short code, or a name of at most 11 characters.', {
    ...ours,
    pattern: '^(\\+[1-9]\\d{6,14}|\\d{3,8}|[A-Za-z0-9 &._-]{1,11}|whatsapp:\\+\\d{7,15})?$',
    wanted: 'a number with its country code, a short code, or a name of at most 11 characters',
  }),
  messaging_service_sid: sid('MG', 'A messaging service that chooses the sender; used in place of `sms.from`.'),
  max_segments: integer(3, 'Longer texts are cut to so many segments, and end in "...".', {
    ...ours,
    minimum: 1,
    maximum: 10,
  }),
  validity: integer(36_000, 'Seconds after which the provider gives a message up.', {
    ...ours,
    minimum: 1,
    maximum: 36_000,
  }),
  codes: list(
    'Categories of error codes, over the built-in table: `30003=unavailable`; invalid_token, invalid_request, credential, unavailable.',
    ours,
  ),
  max_retry: maxRetry(),
  endpoint: origin('https://api.twilio.com', 'Where the API is.'),
  rate_limit: rateLimit,
  request_timeout: requestTimeout,
});

export type SmsSection = FromSchema<typeof smsSection>;
