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
  else if (!isAppId(appid)) found.push({ key: 'huawei.appid', text: APP_ID });
  return found;
}

/** It is a part of the path of every push, escaped there: what Gorush sends with is let be, as long as it stays one part. */
const isAppId = (text: string): boolean => /^(?!\.{1,2}$)[\w. -]{1,64}$/.test(text);
const APP_ID = 'must be the id of the app, digits as a rule';

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
  names: ({ appid }) => ({ appid }),
  stored: {
    refused: { endpoint: OPERATOR, auth_endpoint: OPERATOR },
    kinds: ['client_secret'],
    facts({ appid, appsecret }) {
      if (!appid && !appsecret) return undefined;
      needsText(appsecret, 'huawei.appsecret');
      if (!isAppId(needsText(appid, 'huawei.appid'))) throw new ConfigError('huawei.appid', APP_ID);
      return { has_key: true, kind: 'client_secret', appid };
    },
  },
  notes: [
    retryNote(', but for one retry after a renewed access token'),
    {
      key: 'enabled',
      text: ({ enabled }) =>
        enabled
          ? 'failed pushes are reported and counted, each token by itself; a request with `app_id` and `app_secret` uses those'
          : undefined,
    },
  ],
};
