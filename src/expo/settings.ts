import type { ProviderSettings } from '../carrier/provider-row.ts';
import type { ExpoSection } from './section.ts';

export const expoSettings: ProviderSettings<ExpoSection> = {
  identity: { whole: ['access_token'], all: ['access_token'] },
  isGiven: ({ access_token: token }) => token !== '',
  troubles: () => [],
  describe: ({ access_token: token }) => (token === '' ? 'without an access token' : 'with an access token'),
  stored: {
    refused: { endpoint: 'is set in config.yml only' },
    kinds: ['access token'],
    facts: ({ access_token: token }) => (token ? { has_key: true, kind: 'access token' } : undefined),
  },
};
