import type { LateOutcomes } from '../carrier/late-outcomes.ts';
import type {
  CallbackAnswer,
  CallbackRequest,
  CredentialVerdict,
  OpenProvider,
  ProviderRow,
  ProviderServices,
  SectionValues,
} from '../carrier/provider-row.ts';
import type { Environment, PushTransport } from '../push/push.ts';
import { type AppSections, sectionFor } from './app-sections.ts';
import { LateTransport } from './late-transport.ts';

/** What a transport is made of. */
export interface SectionsPlan {
  readonly app: string;
  readonly sections: AppSections;
  readonly row: ProviderRow;
  readonly environment: Environment;
  /** Of the lane; absent where the provider has no partitions. */
  readonly partition?: string | undefined;
  /** False: its settings come from a caller who may not reach our network; addresses in them lead to public ones only. */
  readonly trusted: boolean;
  /** Where the app was made: `store` by a caller of /v1/apps. */
  readonly origin: 'file' | 'store';
}

/** Reads the credential and builds the transport; opens no connection. @throws ConfigError when the credential cannot be used. */
export type TransportBuilder = (plan: SectionsPlan) => PushTransport;

/** The providers at work. One is loaded with its first transport; before that it costs nothing but its row. */
export interface Transports {
  /** Imports what sends, so that `build` has it at once and can throw. */
  load(row: ProviderRow): Promise<void>;
  /** For a provider that is not loaded: a transport that loads it, and whose pushes wait for that. */
  readonly build: TransportBuilder;
  /** For a provider without a probe push. */
  tryCredential(plan: SectionsPlan): Promise<CredentialVerdict>;
  /** A request of a provider to us; undefined: there is no such callback. */
  callback(row: ProviderRow, request: CallbackRequest<SectionValues>): Promise<CallbackAnswer | undefined>;
  /** After the transports are closed. */
  close(): Promise<void>;
}

/** What all providers are given, and what each is given its own of. */
export interface SharedServices extends Omit<ProviderServices, 'late' | 'sectionOf'> {
  readonly late: (row: ProviderRow) => LateOutcomes;
  readonly sectionOf: (app: string, row: ProviderRow) => SectionValues | undefined;
}

const servicesOf = ({ late, sectionOf, ...common }: SharedServices, row: ProviderRow): ProviderServices => ({
  ...common,
  late: late(row),
  sectionOf: (app) => sectionOf(app, row),
});

export function createTransports(services: SharedServices): Transports {
  const loading = new Map<string, Promise<OpenProvider<SectionValues>>>();
  const loaded = new Map<string, OpenProvider<SectionValues>>();

  const open = (row: ProviderRow): Promise<OpenProvider<SectionValues>> => {
    const known = loading.get(row.name);
    if (known) return known;
    const opening = row.open(servicesOf(services, row)).then((provider) => {
      loaded.set(row.name, provider);
      return provider;
    });
    loading.set(row.name, opening);
    // What cannot be imported now (no file descriptor is free) is tried again by the next one who asks.
    opening.catch(() => loading.delete(row.name));
    return opening;
  };

  return {
    load: async (row) => void (await open(row)),
    build(plan) {
      const provider = loaded.get(plan.row.name);
      if (provider) return provider.transport(transportPlan(plan));
      return new LateTransport(async () => (await open(plan.row)).transport(transportPlan(plan)));
    },
    async tryCredential(plan) {
      const provider = await open(plan.row);
      return (await provider.tryCredential?.(transportPlan(plan))) ?? { kind: 'good' };
    },
    callback: async (row, request) => (await open(row)).callback?.(request),
    async close() {
      const providers = await Promise.allSettled(loading.values());
      await Promise.all(providers.map(async (each) => each.status === 'fulfilled' && each.value.close?.()));
    },
  };
}

const transportPlan = ({ app, sections, row, environment, partition, trusted, origin }: SectionsPlan) => ({
  app,
  section: sectionFor(sections, row),
  environment,
  partition,
  trusted,
  origin,
  own: sections.own.has(row.platform),
});
