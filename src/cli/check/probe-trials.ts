import { type Dispatcher, request } from 'undici';
import { createProbe, type Probe } from '../../apps/store/probe-credential.ts';
import { NO_LATE_OUTCOMES } from '../../carrier/late-outcomes.ts';
import type { ProviderEnvironment, ProviderRow } from '../../carrier/provider-row.ts';
import { hookTimeoutMs } from '../../feedback/hook-target.ts';
import { numberedPools } from '../../http2/create-pool.ts';
import { tryPeers } from '../../hub/push/try-peers.ts';
import { toError } from '../../kit/errors.ts';
import { type Outbound, openOutbound } from '../../outbound/outbound.ts';
import type { ProxyEnvironment } from '../../outbound/proxy.ts';
import { adviceFor } from '../../providers/advice.ts';
import { appSections, hasOwnCredential } from '../../providers/app-sections.ts';
import type { AppSettings, FullConfig, ProviderTable } from '../../providers/registry.ts';
import { partOf, sectionsOf } from '../../providers/sections.ts';
import { createTransports } from '../../providers/transports.ts';
import { DEFAULT_APP } from '../../push/app-name.ts';
import { type Trial, within } from './trial.ts';

export interface ProbeTrialsOptions {
  readonly providers: ProviderTable;
  readonly env: ProviderEnvironment;
  readonly proxyEnv: ProxyEnvironment;
}

/** A provider that says nothing for so long cannot be reached. */
const PROBE_MS = 20_000;
const SERVER_ERROR = 500;

/** Any answer will do: what a POST would be answered, only a report can tell. The URL may hold a secret and is not told. */
async function askHook(url: string, timeoutMs: number, dispatcher: Dispatcher): Promise<string> {
  const answer = await request(url, { method: 'HEAD', dispatcher, signal: AbortSignal.timeout(timeoutMs) }).catch(
    (error: unknown) => {
      const { code, name } = toError(error) as NodeJS.ErrnoException;
      throw new Error(`does not answer: ${code ?? name}`);
    },
  );
  await answer.body.dump();
  if (answer.statusCode >= SERVER_ERROR) throw new Error(`answers ${answer.statusCode} to HEAD`);
  return `answers (${answer.statusCode} to HEAD)`;
}

function hookTrials({ core, apps, sandbox }: FullConfig, { dispatcher, guarded }: Outbound): Trial[] {
  const { feedback_hook_url: own, feedback_timeout } = core;
  const ofApps = Object.entries(apps.named).flatMap(([name, { webhook }]): Trial[] => {
    if (!webhook?.url) return [];
    const { url, timeout = 0, allow_private } = webhook;
    const way = allow_private || sandbox.enabled ? dispatcher : guarded;
    return [{ key: `apps.${name}.webhook.url`, look: () => askHook(url, hookTimeoutMs(timeout), way) }];
  });
  const look = () => askHook(own, hookTimeoutMs(feedback_timeout), dispatcher);
  return [...(own === '' ? [] : [{ key: 'core.feedback_hook_url', look }]), ...ofApps];
}

async function askIssuer(url: string, dispatcher: Dispatcher): Promise<string> {
  const { statusCode, body } = await request(url, { dispatcher, signal: AbortSignal.timeout(PROBE_MS) });
  const text = await body.text();
  const keys = statusCode === 200 ? (JSON.parse(text) as { keys?: unknown[] }).keys : undefined;
  if (!Array.isArray(keys)) throw new Error(`answers ${statusCode} without a list of keys`);
  return `${keys.length} keys`;
}

/** Asks by a push that reaches no device. @throws Error with what the provider said, and what to do */
async function askProvider(probe: Probe, app: string, settings: AppSettings, row: ProviderRow): Promise<string> {
  const { title, name: provider } = row;
  const verdict = await within(PROBE_MS, probe(app, settings, row));
  if (verdict.kind === 'good') return `${title.provider} has nothing against the credential`;
  const { kind, reason, error } = verdict;
  const advice = adviceFor({ reason, provider });
  const what = kind === 'refused' ? 'refuses the credential' : 'could not be asked';
  throw new Error(`${title.provider} ${what}: ${reason}: ${error}${advice ? `. ${advice}` : ''}`);
}

function providerTrials(config: FullConfig, { providers }: ProbeTrialsOptions, probe: Probe): Trial[] {
  if (config.sandbox.enabled) return [];
  const on = sectionsOf(config, providers);
  const own = providers.rows
    .filter(({ platform }) => on[platform]?.enabled)
    .map((row) => ({ key: row.platform, look: () => askProvider(probe, DEFAULT_APP, {}, row) }));
  const ofApps = Object.entries(config.apps.named).flatMap(([app, settings]) =>
    providers.rows
      .filter((row) => hasOwnCredential(settings, row) && partOf(settings, row.platform)?.enabled !== false)
      .map((row) => ({ key: `apps.${app}.${row.platform}`, look: () => askProvider(probe, app, settings, row) })),
  );
  return [...own, ...ofApps];
}

async function askGorushes({ urls, api_key }: FullConfig['hub']['push'], dispatcher: Dispatcher): Promise<string> {
  const troubles = await tryPeers(urls, { apiKey: api_key, dispatcher });
  if (troubles.length > 0) throw new Error(troubles.map(({ name, why }) => `${name}: ${why}`).join('; '));
  return `${urls.length} answer, and take the key`;
}

/**
 * What only a question to others can tell: hooks and issuers answer, providers take the credentials.
 * @param closers closes the connections that the questions need
 */
export function probeTrials(
  config: FullConfig,
  options: ProbeTrialsOptions,
  closers: AsyncDisposableStack,
): readonly Trial[] {
  const { providers, env, proxyEnv } = options;
  const outbound = openOutbound({ core: config.core, proxyEnv, createPool: numberedPools() });
  closers.defer(() => outbound.close());
  const transports = createTransports({
    ...{ outbound, env, replied: undefined },
    late: () => NO_LATE_OUTCOMES,
    sectionOf: (app, { platform }) =>
      appSections({ config, providers, settings: config.apps.named[app] ?? {} }).byPlatform[platform],
    log: () => {},
  });
  closers.defer(() => transports.close());
  const probe = createProbe({ providers, config, transports, trusted: true });
  const { hub, auth } = config;
  const { dispatcher } = outbound;
  return [
    ...providerTrials(config, options, probe),
    ...hookTrials(config, outbound),
    ...(auth.jwks_url === '' ? [] : [{ key: 'auth.jwks_url', look: () => askIssuer(auth.jwks_url, dispatcher) }]),
    ...(hub.enabled && hub.push.mode === 'gorush'
      ? [{ key: 'hub.push.urls', look: () => askGorushes(hub.push, dispatcher) }]
      : []),
  ];
}
