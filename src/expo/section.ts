import type { FromSchema } from '../config/leaf.ts';
import { flag, ours, perSecond, seconds, section, text } from '../config/leaf.ts';
import { LONGEST_WAIT, maxRetry, origin, requestTimeout } from '../config/provider-keys.ts';

/** `expo` of config.yml. */
export const expoSection = section("Expo's push service, which forwards to APNs and FCM.", {
  enabled: flag(true, 'Send to Expo. Without `expo.access_token` and unless set explicitly, it is off.', ours),
  access_token: text('', 'Access token, for projects with enhanced push security.', {
    martlet: true,
    pattern: '^[\\x21-\\x7e]*$',
    wanted: 'an access token',
  }),
  endpoint: origin('https://exp.host', 'Where Expo is.'),
  receipts: section('When Expo is asked what became of accepted pushes.', {
    first: seconds(900, 'After which a push is asked about for the first time.', { ...ours, maximum: LONGEST_WAIT }),
    interval: seconds(900, 'Until it is asked about again, doubled each time.', {
      ...ours,
      minimum: 1,
      maximum: LONGEST_WAIT,
    }),
    until: seconds(86_400, 'After which asking is given up: Expo keeps receipts for a day.', {
      ...ours,
      maximum: LONGEST_WAIT,
    }),
  }),
  max_retry: maxRetry(),
  rate_limit: perSecond(600, 'Pushes per second; Expo allows 600 for each project. 0: no limit.', ours),
  request_timeout: requestTimeout,
});

export type ExpoSection = FromSchema<typeof expoSection>;
