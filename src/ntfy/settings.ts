import type { ProviderSettings } from '../carrier/provider-row.ts';
import type { SettingsTrouble } from '../carrier/settings-trouble.ts';
import { ConfigError } from '../kit/errors.ts';
import type { NtfySection } from './section.ts';

/** The `Authorization` header; empty: none. */
export function ntfyAuthorization({ token, username, password }: NtfySection): string {
  if (token !== '') return `Bearer ${token}`;
  return username === '' ? '' : `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function troubles({ endpoint, username, password, token }: NtfySection): SettingsTrouble[] {
  const found: SettingsTrouble[] = [];
  if (endpoint === '') found.push({ key: 'ntfy.endpoint', text: 'missing: the base URL of the server' });
  else if (!URL.canParse(endpoint)) found.push({ key: 'ntfy.endpoint', text: NO_URL });
  if (token === '' && username !== '' && password === '') {
    found.push({ key: 'ntfy.password', text: 'missing: the password of ntfy.username' });
  }
  return found;
}

const NO_URL = 'must be a URL: https://ntfy.example.com';

const signIn = ({ token, username }: Pick<NtfySection, 'token' | 'username'>): string =>
  token ? 'access token' : username ? 'password' : 'anonymous';

export const ntfySettings: ProviderSettings<NtfySection> = {
  identity: { whole: ['endpoint'], all: ['endpoint', 'token', 'username', 'password'] },
  isGiven: ({ endpoint }) => endpoint !== '',
  troubles,
  describe: (section) => `${new URL(section.endpoint).host}, ${signIn(section)}`,
  stored: {
    refused: {},
    kinds: ['access token', 'password', 'anonymous'],
    facts({ endpoint, token = '', username = '', password }) {
      if (!endpoint && !token && !username) return undefined;
      if (!endpoint) throw new ConfigError('ntfy.endpoint', 'must be given');
      if (!token && username && !password) throw new ConfigError('ntfy.password', 'must be given');
      if (!URL.canParse(endpoint)) throw new ConfigError('ntfy.endpoint', NO_URL);
      return { has_key: true, kind: signIn({ token, username }), host: new URL(endpoint).host };
    },
    addresses: ({ endpoint }) =>
      endpoint ? [{ key: 'endpoint', what: 'the address of the server', url: endpoint }] : [],
  },
};
