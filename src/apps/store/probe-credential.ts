import type { CredentialVerdict, ProbePush, ProviderRow } from '../../carrier/provider-row.ts';
import { appSections, sectionFor, withoutCredentials } from '../../providers/app-sections.ts';
import type { AppSettings, ProviderTable } from '../../providers/registry.ts';
import type { Transports } from '../../providers/transports.ts';
import type { Outcome, PushTransport } from '../../push/push.ts';
import type { SendingConfig } from '../lanes/app-in-use.ts';

export interface ProbeOptions {
  readonly providers: ProviderTable;
  /** The sections that the settings lie over. */
  readonly config: SendingConfig;
  readonly transports: Pick<Transports, 'load' | 'build' | 'tryCredential'>;
  /** The settings come from a caller who may not reach our network. */
  readonly trusted: boolean;
  /** The providers are simulated ones, which know no credentials but their own. Default false. */
  readonly sandbox?: boolean;
}

/** Asks the provider of a platform about the credential in the settings of an app. */
export type Probe = (app: string, settings: AppSettings, row: ProviderRow) => Promise<CredentialVerdict>;

const sent = (transport: PushTransport, push: ProbePush): Promise<Outcome> =>
  new Promise((resolve) => transport.send({ ...push, attempt: 0 }, (_, outcome) => resolve(outcome)));

function verdictOf(outcome: Outcome, push: ProbePush, { probe }: ProviderRow): CredentialVerdict {
  if (outcome.kind === 'accepted' || outcome.category === 'invalid_token') return { kind: 'good' };
  if (probe?.isGood?.(outcome, push)) return { kind: 'good' };
  const { category, reason, error } = outcome;
  const isSaid = category === 'credential' || category === 'stale_credential' || category === 'invalid_request';
  return { kind: isSaid ? 'refused' : 'unknown', reason, error };
}

/**
 * Asks a provider whether it takes a credential, by a push that reaches no device (`ProviderRow.probe`), or in the provider's own way.
 * The connection is closed afterwards. Never rejects for what a provider says.
 */
export function createProbe({ providers, config, transports, trusted, sandbox = false }: ProbeOptions): Probe {
  return async (app, given, row) => {
    const settings = sandbox ? withoutCredentials(given, providers) : given;
    const sections = appSections({ config, providers, settings });
    const push = row.probe?.push(sectionFor(sections, row), sections.defaultTopic);
    const plan = {
      app,
      sections,
      row,
      environment: push?.environment ?? row.environments[0],
      trusted,
      origin: 'store' as const,
    };
    // A connection of its own: nothing of it is to be waited for by pushes.
    await transports.load(row);
    if (!push) return transports.tryCredential(plan);
    const transport = transports.build(plan);
    try {
      return verdictOf(await sent(transport, push), push, row);
    } finally {
      await transport.close();
    }
  };
}
