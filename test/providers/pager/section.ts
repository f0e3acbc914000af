import { type FromSchema, flag, list, ours, section, text } from '../../../src/config/leaf.ts';
import { maxRetry, origin, rateLimit, requestTimeout } from '../../../src/config/provider-keys.ts';

export const pagerSection = section('Pagers.', {
  enabled: flag(true, 'Buzz pagers. Without a key they are off.', ours),
  endpoint: origin('https://pagers.example', 'Where the network is.'),
  key: text('', 'What the network knows us by.', { martlet: true }),
  districts: list('Districts that have a lane of their own.', ours),
  max_retry: maxRetry(),
  rate_limit: rateLimit,
  request_timeout: requestTimeout,
});

export type PagerSection = FromSchema<typeof pagerSection>;
