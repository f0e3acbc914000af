import { isConfigured } from '../../auth/auth.ts';
import { openDoorWarning } from '../../auth/open-auth.ts';
import type { ProviderEnvironment, ProviderRow, SectionValues } from '../../carrier/provider-row.ts';
import type { Config } from '../../config/schema.ts';
import { withoutUserInfo } from '../../config/without-user-info.ts';
import type { LoadedConfig } from '../../host/config/load.ts';
import { asideOf } from '../../host/sandbox/apart.ts';
import { toError } from '../../kit/errors.ts';
import type { ProxyEnvironment } from '../../outbound/proxy.ts';
import { builtIn, type FullConfig, type ProviderTable } from '../../providers/registry.ts';
import { sectionsOf } from '../../providers/sections.ts';
import { migrationNotes } from '../migration-notes.ts';
import { fileTrials } from './file-trials.ts';
import { hookTrials } from './hook-trials.ts';
import { keyTrials } from './key-trials.ts';
import { peerTrials } from './peer-trials.ts';
import { portTrials } from './port-trials.ts';
import { probeTrials } from './probe-trials.ts';
import { type TrialResult, tryAll } from './trial.ts';

export interface CheckOptions {
  /** Variables that providers read by themselves, as Google's libraries do. */
  readonly env: ProviderEnvironment;
  /** Default: those of this version. */
  readonly providers?: ProviderTable;
  /** The value of MARTLET_MASTER_KEY. */
  readonly masterKey?: string | undefined;
  /** Ask hooks, issuers and providers, too. Default false. */
  readonly probe?: boolean;
  readonly say: (line: string) => void;
}

/** Of `CheckOptions.env`, those that name a proxy. */
const proxiesOf = (env: ProviderEnvironment): ProxyEnvironment => env;

/** What a start needs, tried without sending anything. */
async function tryStart(config: FullConfig, options: CheckOptions): Promise<readonly TrialResult[]> {
  const { env, masterKey, providers = builtIn, probe = false } = options;
  const hasMasterKey = Boolean(masterKey || config.apps.master_key_path);
  await using closers = new AsyncDisposableStack();
  return await tryAll([
    ...portTrials(config),
    ...hookTrials(config),
    ...fileTrials(config, hasMasterKey),
    ...peerTrials(config, hasMasterKey),
    ...keyTrials(config, hasMasterKey),
    ...(probe ? probeTrials(config, { providers, env, proxyEnv: proxiesOf(env) }, closers) : []),
  ]);
}

interface CheckRow {
  readonly part: string;
  readonly state: 'on' | 'off' | 'FAIL';
  readonly text: string;
}

const row = (part: string, on: boolean, text: string): CheckRow => ({
  part,
  state: on ? 'on' : 'off',
  text: on ? text : '',
});

async function credential(part: string, on: boolean, look: () => Promise<string> | string): Promise<CheckRow> {
  if (!on) return row(part, false, '');
  try {
    return row(part, true, await look());
  } catch (error) {
    return { part, state: 'FAIL', text: toError(error).message };
  }
}

/** Says of a platform which credential it has, as far as that can be known without asking the provider. */
function platformRow(
  row: ProviderRow,
  config: FullConfig,
  { env, providers = builtIn }: CheckOptions,
): Promise<CheckRow> {
  const { platform, settings } = row;
  const section = sectionsOf(config, providers)[platform] as SectionValues;
  const look = () => (config.sandbox.enabled ? 'simulated' : settings.describe(section, env));
  return credential(platform, section.enabled, look);
}

function httpRow({ address, port, ssl, auto_tls, client_ca }: Config['core']): string {
  const where = `on ${address || 'all interfaces'}, port`;
  const clients = client_ca === '' ? '' : ', client certificates needed';
  if (auto_tls.enabled)
    return `https ${where} ${auto_tls.port}, certified by ${new URL(auto_tls.directory).host}${clients}`;
  return ssl ? `https ${where} ${port}${clients}` : `http ${where} ${port}`;
}

function callersOf({ keys, certificates, jwks_url, issuer }: Config['auth']): string {
  const names = [...Object.keys(keys), ...Object.keys(certificates)];
  return [...names, ...(jwks_url === '' ? [] : [`tokens of ${issuer}`])].join(', ');
}

/** The longest list that a line shows. */
const MOST_NAMES = 10;

function appsRow({ apps }: Config): CheckRow {
  const names = Object.keys(apps.named);
  const more = names.length > MOST_NAMES ? `, and ${names.length - MOST_NAMES} more` : '';
  return row('apps', names.length > 0, `${names.slice(0, MOST_NAMES).join(', ')}${more}`);
}

/** Apps made at run time need a key that can be read. */
async function selfServiceRow({ apps }: Config, masterKey: string | undefined): Promise<CheckRow> {
  return credential('/v1/apps', Boolean(masterKey || apps.master_key_path), async () => {
    const { loadMasterKeys } = await import('../../apps/store/master-keys.ts');
    loadMasterKeys(masterKey, apps.master_key_path);
    return apps.redis === '' ? apps.path : 'redis';
  });
}

/** Where people and their devices are kept. */
function hubPlace({ hub, sandbox }: FullConfig): string {
  if (hub.postgres !== '') return 'PostgreSQL';
  return (sandbox.enabled ? asideOf(hub.path) : hub.path) || 'memory';
}

const rows = async (config: FullConfig, options: CheckOptions): Promise<CheckRow[]> => {
  const { core, sandbox, queue, stat, grpc, auth, hub, history, tracing } = config;
  const { masterKey, providers = builtIn } = options;
  const file = queue.local.path === '' ? 'memory' : `${queue.local.path}, sync ${queue.local.sync}`;
  return [
    row('http', core.enabled, httpRow(core)),
    ...(await Promise.all(providers.rows.map((each) => platformRow(each, config, options)))),
    row('sandbox', sandbox.enabled, 'pushes reach no real device'),
    row('queue', true, queue.engine === 'local' ? `local: ${file}` : queue.engine),
    row('stat', true, stat.engine),
    row('feedback hook', core.feedback_hook_url !== '', `${core.feedback_header.length} headers`),
    row('grpc', grpc.enabled, `port ${grpc.port}`),
    row('auth', isConfigured(auth), callersOf(auth)),
    appsRow(config),
    await selfServiceRow(config, masterKey),
    row('hub', hub.enabled, hubPlace(config)),
    row('history', history.enabled, history.path === '' ? 'memory' : history.path),
    row('tracing', tracing.endpoint !== '', withoutUserInfo(tracing.endpoint)),
  ];
};

/** With the sandbox there is no Gorush to compare with. */
function sayNotes(loaded: LoadedConfig, { say, providers }: CheckOptions): void {
  say('not as with Gorush (docs/migrating-from-gorush.md tells what depends on requests, too):');
  for (const note of migrationNotes(loaded, providers)) say(`  ${note}`);
}

/**
 * `martlet check`: loads the configuration, tries the credentials as far as that goes without sending and what a start needs, and prints
 * what is on.
 * @returns false when there is a mistake, an unknown key, a credential that cannot be used, or something without which a promise breaks.
 */
export async function checkConfig(load: () => LoadedConfig, options: CheckOptions): Promise<boolean> {
  const { say } = options;
  let loaded: LoadedConfig;
  try {
    loaded = load();
  } catch (error) {
    say(toError(error).message);
    return false;
  }
  say(`configuration: ${loaded.file ?? 'defaults and environment, no file'}`);
  const table = await rows(loaded.config, options);
  for (const { part, state, text } of table) say(`  ${part.padEnd(14)} ${state.padEnd(4)} ${text}`.trimEnd());
  const tried = await tryStart(loaded.config, options);
  say('tried:');
  for (const { key, state, text } of tried)
    say(`  ${state.padEnd(4)} ${key}: ${text}${state === 'ok' ? '' : loaded.placeOf(key)}`);
  const open = openDoorWarning(loaded.config);
  for (const warning of [...loaded.warnings, ...(open ? [open] : [])]) say(`warning: ${warning}`);
  if (!loaded.config.sandbox.enabled) sayNotes(loaded, options);
  const failures = [...table, ...tried].filter(({ state }) => state === 'FAIL').length;
  if (failures > 0) say(`not accepted: ${failures} of the above FAIL`);
  if (loaded.unknown.length > 0) say(`not accepted: ${loaded.unknown.length} unknown keys`);
  const isGood = failures === 0 && loaded.unknown.length === 0;
  if (isGood) say('accepted: it can be started');
  return isGood;
}
