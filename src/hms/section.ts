import type { FromSchema } from '../config/leaf.ts';
import { flag, section, shown, text } from '../config/leaf.ts';
import { maxRetry, origin, RENEWED, rateLimit, requestTimeout } from '../config/provider-keys.ts';

/** `huawei` of config.yml. */
export const hmsSection = section('Huawei Mobile Services (HMS).', {
  enabled: flag(false, 'Send to Huawei.'),
  appsecret: text('', 'Secret of the app.'),
  appid: text('', 'Id of the app.', shown),
  max_retry: maxRetry(RENEWED),
  endpoint: origin('https://push-api.cloud.huawei.com', 'Where HMS push is.'),
  auth_endpoint: origin('https://oauth-login.cloud.huawei.com', 'Where HMS sign-in is.'),
  rate_limit: rateLimit,
  request_timeout: requestTimeout,
});

export type HmsSection = FromSchema<typeof hmsSection>;
