import { NO_LATE_OUTCOMES } from '../carrier/late-outcomes.ts';
import type { AgreeOnKey, ProviderEnvironment } from '../carrier/provider-row.ts';
import { numberedPools } from '../http2/create-pool.ts';
import { type Outbound, openOutbound } from '../outbound/outbound.ts';
import type { ProxyEnvironment } from '../outbound/proxy.ts';
import type { FullConfig, ProviderTable } from '../providers/registry.ts';
import { sectionsOf } from '../providers/sections.ts';
import { createTransports, type Transports } from '../providers/transports.ts';

export interface OpenProvidersOptions {
  readonly config: FullConfig;
  readonly providers: ProviderTable;
  readonly env?: ProviderEnvironment;
  readonly proxyEnv?: ProxyEnvironment;
  readonly extraCa?: readonly string[];
  readonly agreeOnToken?: AgreeOnKey;
  readonly tell: (level: 'info' | 'warn' | 'error', message: string) => void;
}

/** The ways out, and the providers that are on: loaded, so that their credentials can be read before the queue is opened. */
export async function openProviders({
  config,
  providers,
  env = {},
  proxyEnv = {},
  extraCa = [],
  agreeOnToken,
  tell,
}: OpenProvidersOptions): Promise<{ readonly outbound: Outbound; readonly transports: Transports }> {
  const outbound = openOutbound({ core: config.core, proxyEnv, extraCa, createPool: numberedPools() });
  const transports = createTransports({ outbound, env, agree: agreeOnToken, late: NO_LATE_OUTCOMES, log: tell });
  const sections = sectionsOf(config, providers);
  const used = providers.rows.filter(({ platform }) => sections[platform]?.enabled);
  await Promise.all(used.map((row) => transports.load(row)));
  return { outbound, transports };
}
