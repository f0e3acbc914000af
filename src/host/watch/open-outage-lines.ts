import type { AppLanes } from '../../apps/lanes/app-lanes.ts';
import {
  type ProviderEnvironment,
  type ProviderRow,
  partLabel,
  type SectionValues,
} from '../../carrier/provider-row.ts';
import { ConfigError } from '../../kit/errors.ts';
import { createCredentialLines } from '../../observe/log/credential-lines.ts';
import type { Log } from '../../observe/log/log.ts';
import { type LanePlace, OutageLines } from '../../observe/log/outage-lines.ts';
import type { ProviderTable } from '../../providers/registry.ts';
import type { Environment, RelayEvents } from '../../push/push.ts';

export interface OpenOutageLinesOptions {
  readonly providers: ProviderTable;
  /** What an app sends to a provider with; undefined when it does not. */
  readonly sectionOf: (app: string, row: ProviderRow) => SectionValues | undefined;
  readonly env: ProviderEnvironment;
  readonly log: Pick<Log, 'warn' | 'error'>;
}

/** What the log says of providers that cannot be reached, or that refuse a credential. */
export interface ProviderLines {
  readonly outages: OutageLines;
  readonly events: Required<Pick<RelayEvents, 'settled'>>;
}

/** @param lanes is read once one of them is in trouble */
export function openOutageLines(options: OpenOutageLinesOptions, lanes: () => AppLanes): ProviderLines {
  const { providers, sectionOf, env, log } = options;
  const rowOf = (provider: string): ProviderRow => providers.named(provider) as ProviderRow;
  const places = function* (): Iterable<LanePlace> {
    for (const { app, provider, environment, lane } of lanes()) {
      const row = rowOf(provider);
      const { id, trouble, breaker } = lane;
      yield {
        ...{ app, provider, environment, trouble, breaker },
        part: partLabel(row, id.partition),
        host: trouble && hostOf(row, sectionOf(app, row), environment),
        waiting() {
          const { waiting, deferred } = lanes().queue.depth(id);
          return waiting + deferred;
        },
      };
    }
  };
  return {
    outages: new OutageLines({ lanes: places, warn: (message, fields) => log.warn(message, fields) }),
    events: createCredentialLines({
      error: (message, fields) => log.error(message, fields),
      namesOf: (app, provider) => namesOf(rowOf(provider), sectionOf(app, rowOf(provider)), env),
    }),
  };
}

function hostOf(row: ProviderRow, section: SectionValues | undefined, environment: Environment): string | undefined {
  if (!section) return undefined;
  const { address = ({ endpoint }: SectionValues & { endpoint?: string }) => endpoint } = row.settings;
  return URL.parse(address(section, environment) ?? '')?.host;
}

/** A credential that cannot be read has no name, and an error of its own. */
function namesOf(row: ProviderRow, section: SectionValues | undefined, env: ProviderEnvironment) {
  try {
    return (section && row.settings.names?.(section, env)) ?? {};
  } catch (error) {
    if (error instanceof ConfigError) return {};
    throw error;
  }
}
