import { type HostRules, hostRules } from '../carrier/hosts.ts';
import type { ProviderSettings } from '../carrier/provider-row.ts';
import type { SettingsTrouble } from '../carrier/settings-trouble.ts';
import type { ConfigError } from '../kit/errors.ts';
import { refusedBut } from '../outbound/private-networks.ts';
import type { SlackSection } from './section.ts';

/** Hosts that webhooks may be at. @throws ConfigError for a malformed one */
export const webhookRules = ({ webhook_hosts: hosts }: Pick<SlackSection, 'webhook_hosts'>): HostRules =>
  hostRules({ 'slack.webhook_hosts': hosts });

function troubles({ webhook_hosts, private_networks: networks }: SlackSection): SettingsTrouble[] {
  try {
    webhookRules({ webhook_hosts });
    refusedBut(networks, 'slack.private_networks');
    return [];
  } catch (error) {
    const { key, text } = error as ConfigError;
    return [{ key, text }];
  }
}

const OPERATOR = 'is set in config.yml only';

export const slackSettings: ProviderSettings<SlackSection> = {
  identity: { whole: ['token'], all: ['token'] },
  isGiven: ({ token }) => token !== '',
  troubles,
  describe: ({ token, webhook_hosts: hosts }) =>
    `${token === '' ? 'webhooks only' : 'bot token'}, webhooks at ${hosts.join(' ') || 'no host'}`,
  stored: {
    refused: { endpoint: OPERATOR, webhook_endpoint: OPERATOR, webhook_hosts: OPERATOR, private_networks: OPERATOR },
    kinds: ['bot token'],
    facts: ({ token }) => (token ? { has_key: true, kind: 'bot token' } : undefined),
  },
};
