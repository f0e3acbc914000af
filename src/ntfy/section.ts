import type { FromSchema } from '../config/leaf.ts';
import { flag, ours, section, text } from '../config/leaf.ts';
import { maxRetry, rateLimit, requestTimeout } from '../config/provider-keys.ts';

/** `ntfy` of config.yml. */
export const ntfySection = section('ntfy, a server of your own or ntfy.sh.', {
  enabled: flag(true, 'Send to ntfy. Without `ntfy.endpoint` it is off.', ours),
  endpoint: text(
    '',
    'Base URL of the server, a path is allowed: `https://ntfy.sh`. Topics are on this server and no other.',
    {
      ...ours,
      pattern: '^(https?://[^/\\s?#@]+(/[^\\s?#%]*)?)?$',
      wanted: 'https://host, with a path where the server has one',
    },
  ),
  token: text('', 'Access token, `tk_…`.', { martlet: true, pattern: '^[\\x21-\\x7e]*$', wanted: 'an access token' }),
  username: text('', 'User, with `ntfy.password`; used when there is no token.', { martlet: true }),
  password: text('', 'Password of `ntfy.username`.', { martlet: true }),
  max_retry: maxRetry(),
  rate_limit: rateLimit,
  request_timeout: requestTimeout,
});

export type NtfySection = FromSchema<typeof ntfySection>;
