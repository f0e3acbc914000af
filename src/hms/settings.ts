import { retryNote } from '../carrier/migration-note.ts';
import type { ProviderSettings } from '../carrier/provider-row.ts';
import type { SettingsTrouble } from '../carrier/settings-trouble.ts';
import { ConfigError } from '../kit/errors.ts';
import type { HmsSection } from './section.ts';

function troubles({ appsecret, appid }: HmsSection): SettingsTrouble[] {
  const found: SettingsTrouble[] = [];
  const missing = (key: string, text: string) => found.push({ key, text, sendLog: `HMS server error: ${text}` });
  if (appsecret === '') missing('huawei.appsecret', 'missing huawei app secret');
  if (appid === '') missing('huawei.appid', 'missing huawei app id');
  return found;
}

function needsText(value: string | undefined, field: string): string {
  if (value) return value;
  throw new ConfigError(field, 'must be given');
}

const OPERATOR = 'is set in config.yml only';

export const hmsSettings: ProviderSettings<HmsSection> = {
  identity: { whole: ['appid', 'appsecret'], all: ['appid', 'appsecret'] },
  isGiven: ({ appid, appsecret }) => appid !== '' && appsecret !== '',
  troubles,
  describe: ({ appid }) => `app ${appid}`,
  stored: {
    refused: { endpoint: OPERATOR, auth_endpoint: OPERATOR },
    kinds: ['client_secret'],
    facts({ appid, appsecret }) {
      if (!appid && !appsecret) return undefined;
      needsText(appsecret, 'huawei.appsecret');
      return { has_key: true, kind: 'client_secret', appid: needsText(appid, 'huawei.appid') };
    },
  },
  notes: [
    retryNote(', but for one retry after a renewed access token'),
    {
      key: 'enabled',
      text: ({ enabled }) =>
        enabled
          ? 'failed pushes are told and counted, each token by itself; a request with `app_id` and `app_secret` uses those'
          : undefined,
    },
  ],
};
