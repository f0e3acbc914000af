import type { FromSchema } from '../config/leaf.ts';
import { flag, list, ours, section, text } from '../config/leaf.ts';
import { maxRetry, origin, rateLimit, requestTimeout } from '../config/provider-keys.ts';

/** `slack` of config.yml. */
export const slackSection = section('Slack: channels and people by a bot token, incoming webhooks by their URL.', {
  enabled: flag(true, 'Send to Slack. Without `slack.token` and unless set explicitly, it is off.', ours),
  token: text('', 'Bot token, `xoxb-…`, with the scope chat:write. Webhooks need none.', {
    martlet: true,
    pattern: '^[\\x21-\\x7e]*$',
    wanted: 'a bot token',
  }),
  webhook_hosts: {
    ...list(
      'Hosts that incoming webhooks may be at: a host, `*.suffix`, each with `:port` for another than 443; `http://host:port`.',
      ours,
    ),
    default: ['hooks.slack.com'],
  },
  private_networks: list(
    'Private addresses that webhooks may lead to, CIDR each (`10.1.0.0/16`); none by default. Not for apps made by /v1/apps.',
    ours,
  ),
  endpoint: origin('https://slack.com', "Where Slack's Web API is."),
  webhook_endpoint: text('', 'Where all webhooks go, whatever host their URL names, for trials. Empty: to that host.', {
    ...ours,
    pattern: '^(https?://[^/\\s]+/?)?$',
    wanted: 'https://host or https://host:port',
  }),
  max_retry: maxRetry(),
  rate_limit: rateLimit,
  request_timeout: requestTimeout,
});

export type SlackSection = FromSchema<typeof slackSection>;
