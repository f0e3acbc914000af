import { type HostRules, hostRules } from '../carrier/hosts.ts';
import type { CredentialFacts, Given, ProviderSettings } from '../carrier/provider-row.ts';
import type { SettingsTrouble } from '../carrier/settings-trouble.ts';
import { ConfigError } from '../kit/errors.ts';
import { refusedBut } from '../outbound/private-networks.ts';
import { hasVapidCredential, loadVapidCredential } from './credentials.ts';
import type { WebSection } from './section.ts';
import { SINGLE_HOSTS } from './vendor.ts';

/** Which push services a section lets be called. @throws ConfigError */
export const rulesOf = ({ hosts, extra_hosts }: Pick<WebSection, 'hosts' | 'extra_hosts'>): HostRules =>
  hostRules({ 'web.hosts': hosts, 'web.extra_hosts': extra_hosts }, SINGLE_HOSTS);

/** What a part of the settings complains of. */
function troubleOf(read: () => unknown): SettingsTrouble[] {
  try {
    read();
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [{ key: error.key, text: error.text, sendLog: `Web Push error: ${error.text}` }];
  }
}

const navigateTrouble = ({ navigate }: WebSection): SettingsTrouble[] =>
  navigate === '' || URL.canParse(navigate)
    ? []
    : [{ key: 'web.navigate', text: `must be an absolute URL: ${navigate}` }];

const troubles = (section: WebSection): SettingsTrouble[] => [
  ...troubleOf(() => loadVapidCredential(section)),
  ...troubleOf(() => rulesOf(section)),
  ...troubleOf(() => refusedBut(section.private_networks, 'web.private_networks')),
  ...navigateTrouble(section),
];

function describe(section: WebSection): string {
  const { current, pairs } = loadVapidCredential(section);
  const old = [...pairs.values()].filter((pair) => pair !== current).map(({ id }) => id);
  const others = old.length > 0 ? `, and ${old.join(', ')} for older subscriptions` : '';
  return `VAPID key ${current.id}${others}, ${section.subject}, ${section.endpoint || 'hosts of each subscription'}`;
}

function facts({ vapid = [], subject = '' }: Given<WebSection>): CredentialFacts | undefined {
  if (vapid.length === 0) return undefined;
  const { current, pairs } = loadVapidCredential({ vapid, subject });
  return { has_key: true, kind: 'vapid', public_key: current.publicKey, key_id: current.id, pairs: String(pairs.size) };
}

const OPERATOR = 'is set in config.yml only';

export const webSettings: ProviderSettings<WebSection> = {
  identity: { whole: ['vapid'], all: ['vapid', 'subject'] },
  isGiven: hasVapidCredential,
  troubles,
  read: loadVapidCredential,
  describe,
  names: (section) => ({ key_id: loadVapidCredential(section).current.id }),
  stored: {
    refused: { private_networks: OPERATOR, endpoint: OPERATOR },
    kinds: ['vapid'],
    facts,
  },
};
