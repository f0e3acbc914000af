import type { Dispatcher } from 'undici';
import { createProbe } from '../apps/store/probe-credential.ts';
import type { ProviderRow } from '../carrier/provider-row.ts';
import { tryPeers } from '../hub/push/try-peers.ts';
import { ConfigError } from '../kit/errors.ts';
import { adviceFor } from '../providers/advice.ts';
import { builtIn, type FullConfig } from '../providers/registry.ts';
import { sectionsOf } from '../providers/sections.ts';
import type { Transports } from '../providers/transports.ts';
import { DEFAULT_APP } from '../push/app-name.ts';

export interface ConnectOptions {
  readonly config: FullConfig;
  readonly transports: Pick<Transports, 'load' | 'build' | 'tryCredential'>;
  readonly dispatcher: Dispatcher;
  readonly tell: (level: 'warn', message: string) => void;
}

/**
 * Asks each provider that is on whether it takes its credential, by a push that reaches no device, or each other Gorush for its health
 * and whether it takes the key. What cannot be reached now is a warning: it may be back when it is needed.
 * @throws ConfigError (rejects) for what is refused, and when none of the other Gorushes can be reached
 */
export async function connectOnce(options: ConnectOptions): Promise<void> {
  const { config } = options;
  if (config.hub.push.mode === 'gorush') await tryGorushes(options);
  const on = builtIn.rows.filter(({ platform }) => sectionsOf(config, builtIn)[platform]?.enabled);
  await Promise.all(on.map((row) => tryProvider(row, options)));
}

async function tryProvider(row: ProviderRow, { config, transports, tell }: ConnectOptions): Promise<void> {
  const probe = createProbe({ providers: builtIn, config, transports, trusted: true });
  const verdict = await probe(DEFAULT_APP, {}, row);
  if (verdict.kind === 'good') return;
  const { platform, title, name: provider } = row;
  const advice = adviceFor({ reason: verdict.reason, provider });
  const text = `${title.provider} ${verdict.kind === 'refused' ? 'refuses it' : 'could not be asked'}: ${verdict.reason}: ${verdict.error}${advice ? `. ${advice}` : ''}`;
  if (verdict.kind === 'refused') throw new ConfigError(platform, text);
  tell('warn', `${platform}: ${text}`);
}

async function tryGorushes({ config, dispatcher, tell }: ConnectOptions): Promise<void> {
  const { urls, api_key: apiKey } = config.hub.push;
  const troubles = await tryPeers(urls, { apiKey, dispatcher });
  const key = troubles.find(({ kind }) => kind === 'key');
  if (key)
    throw new ConfigError('gorush.api_key', `${key.name} refuses it: give a key that may push there (scope push)`);
  const path = troubles.find(({ kind }) => kind === 'path');
  if (path)
    throw new ConfigError('gorush.url', `${path.name} has no /api/push: give the address that stands before it`);
  const all = troubles.map(({ why }) => why).join('; ');
  if (troubles.length === urls.length)
    throw new ConfigError('gorush.url', `cannot be reached: ${all}. Check the address, and that Gorush runs there`);
  if (troubles.length > 0) tell('warn', `gorush.url: ${all}`);
}
