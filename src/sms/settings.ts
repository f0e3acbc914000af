import type { ProviderSettings } from '../carrier/provider-row.ts';
import type { SettingsTrouble } from '../carrier/settings-trouble.ts';
import { ConfigError } from '../kit/errors.ts';
import type { Category } from '../push/push.ts';
import { CODE_CATEGORIES, type SmsCodes } from './reasons.ts';
import type { SmsSection } from './section.ts';

const CODE = /^(\d{1,6})=([a-z_]+)$/;

/** `sms.codes` as a table. @throws ConfigError for an entry of another form */
export function smsCodes(entries: readonly string[]): SmsCodes {
  return new Map(
    entries.map((entry): [string, Category] => {
      const [, code = '', word = ''] = CODE.exec(entry) ?? [];
      const category = CODE_CATEGORIES.find((each) => each === word);
      if (category !== undefined) return [code, category];
      throw new ConfigError('sms.codes', `must be CODE=CATEGORY with one of ${CODE_CATEGORIES.join(', ')}`);
    }),
  );
}

/** Who signs requests: the API key where there is one, else the account. */
export const smsLogin = (section: Pick<SmsSection, 'account_sid' | 'auth_token' | 'api_key' | 'api_secret'>) =>
  section.api_key === ''
    ? { user: section.account_sid, password: section.auth_token }
    : { user: section.api_key, password: section.api_secret };

const hasSender = ({ from, messaging_service_sid: service }: SmsSection): boolean => from !== '' || service !== '';

function troubles(section: SmsSection): SettingsTrouble[] {
  const found: SettingsTrouble[] = [];
  const missing = (key: string, text: string) => found.push({ key: `sms.${key}`, text });
  if (section.account_sid === '') missing('account_sid', 'missing: the id of the account');
  if (section.api_key !== '' && section.api_secret === '') missing('api_secret', 'missing: the secret of sms.api_key');
  if (section.api_key === '' && section.auth_token === '') missing('auth_token', 'missing: the secret of the account');
  if (!hasSender(section)) missing('from', 'missing: give sms.from or sms.messaging_service_sid');
  try {
    smsCodes(section.codes);
  } catch (error) {
    missing('codes', (error as ConfigError).text);
  }
  return found;
}

export const smsSettings: ProviderSettings<SmsSection> = {
  identity: {
    whole: ['account_sid'],
    all: ['account_sid', 'auth_token', 'api_key', 'api_secret', 'from', 'messaging_service_sid'],
  },
  isGiven: (section) => section.account_sid !== '' && smsLogin(section).password !== '',
  troubles,
  read: ({ codes }) => smsCodes(codes),
  describe: ({ account_sid: account, from, messaging_service_sid: service }) =>
    `account ${account}, sender ${service || from}`,
  names: ({ account_sid }) => ({ account_sid }),
  stored: {
    refused: { endpoint: 'is set in config.yml only' },
    kinds: ['auth_token', 'api_key'],
    facts({ account_sid: account, auth_token: token, api_key: key, api_secret: secret, codes }) {
      if (!account && !token && !key && !secret) return undefined;
      if (!account) throw new ConfigError('sms.account_sid', 'must be given');
      if (key ? !secret : !token) throw new ConfigError(key ? 'sms.api_secret' : 'sms.auth_token', 'must be given');
      smsCodes(codes ?? []);
      return { has_key: true, kind: key ? 'api_key' : 'auth_token', account_sid: account };
    },
  },
};
