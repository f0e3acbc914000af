import { NO_LATE_OUTCOMES } from '../carrier/late-outcomes.ts';
import type { AgreeOnKey, ProviderEnvironment, ProviderRow, SectionValues } from '../carrier/provider-row.ts';
import { publicUrlOf } from '../config/public-url.ts';
import { numberedPools } from '../http2/create-pool.ts';
import { type Outbound, openOutbound } from '../outbound/outbound.ts';
import type { ProxyEnvironment } from '../outbound/proxy.ts';
import type { FullConfig, ProviderTable } from '../providers/registry.ts';
import { sectionsOf } from '../providers/sections.ts';
import { createTransports, type Transports } from '../providers/transports.ts';
import type { RelayEvents } from '../push/push.ts';
import type { Receipts } from '../relay/receipts/receipts.ts';

export interface OpenProvidersOptions {
  readonly config: FullConfig;
  readonly providers: ProviderTable;
  readonly env?: ProviderEnvironment;
  readonly proxyEnv?: ProxyEnvironment;
  readonly extraCa?: readonly string[];
  readonly agreeOnToken?: AgreeOnKey;
  readonly receipts: Receipts;
  readonly events: Required<Pick<RelayEvents, 'replied'>>;
  /** The section of an app as it is now; undefined: it does not send. */
  readonly sectionOf: (app: string, row: ProviderRow) => SectionValues | undefined;
  readonly tell: (level: 'info' | 'warn' | 'error', message: string) => void;
}

/**
 * The ways out, and the providers that are on or have receipts to ask about: loaded, so that their credentials can be read before
 * the queue is opened.
 */
export async function openProviders({
  config,
  providers,
  env = {},
  proxyEnv = {},
  extraCa = [],
  agreeOnToken,
  receipts,
  events,
  sectionOf,
  tell,
}: OpenProvidersOptions): Promise<{ readonly outbound: Outbound; readonly transports: Transports }> {
  const outbound = openOutbound({ core: config.core, proxyEnv, extraCa, createPool: numberedPools() });
  const transports = createTransports({
    outbound,
    env,
    agree: agreeOnToken,
    late: ({ name, delivery }) => (delivery.receipts ? receipts.of(name) : NO_LATE_OUTCOMES),
    replied: events.replied,
    sectionOf,
    publicUrl: publicUrlOf(config.hub),
    log: tell,
  });
  const sections = sectionsOf(config, providers);
  const left = new Set(receipts.providersLeft());
  const used = providers.rows.filter(({ platform, name }) => sections[platform]?.enabled || left.has(name));
  await Promise.all(used.map((row) => transports.load(row)));
  return { outbound, transports };
}
