import { choice, integer, list, ours, perSecond, seconds, section, text } from './leaf.ts';

export const hubPushSection = section("Who brings the hub's pushes to the providers. See hub/push.md.", {
  mode: choice(
    ['local', 'gorush', 'none'],
    'local',
    '`local`: this relay; `gorush`: other Gorushes or Martlets; `none`: everything is decided and kept, and no device gets anything. Mail, SMS and Slack always go by this relay.',
    ours,
  ),
  urls: list('Of the other Gorushes or Martlets: `http://gorush-1:8088`; those that are well take turns.', ours),
  api_key: text('', 'What they are sent as `Authorization: Bearer` and as `X-API-Key`; empty: nothing.', {
    martlet: true,
  }),
  rate_limit: perSecond(0, 'Most device tokens a second that they are sent, all together; 0: no limit.', ours),
  batch_size: integer(500, 'Most device tokens in a request to them.', { ...ours, minimum: 1, maximum: 10_000 }),
  health_interval: seconds(5, 'Between two questions for the health of each.', {
    ...ours,
    minimum: 0.1,
    maximum: 3600,
  }),
  max_age: seconds(
    86_400,
    'After which what the hub sends is given up, whatever `max_retry` says and instead of `queue.max_age`; its own expiry if earlier.',
    { ...ours, minimum: 1, maximum: 2_592_000 },
  ),
});
