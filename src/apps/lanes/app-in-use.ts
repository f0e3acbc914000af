import type { ProviderRow } from '../../carrier/provider-row.ts';
import { toError } from '../../kit/errors.ts';
import { type AppSections, appSections, sectionFor, withoutCredentials } from '../../providers/app-sections.ts';
import type { ProviderTable } from '../../providers/registry.ts';
import { sectionsOf } from '../../providers/sections.ts';
import { AS_CONFIGURED, type LaneId } from '../../push/lane-id.ts';
import type { Environment, Notification, Provider } from '../../push/push.ts';
import type { Lane } from '../../relay/lane.ts';
import type { App } from '../app.ts';
import type { AppRegistry } from '../app-registry.ts';
import type { AppTransport } from './app-transport.ts';

/** A configuration, of which the sections of the providers count. */
export type SendingConfig = object;

/** A lane and what it is for. */
export interface AppLane {
  readonly app: string;
  readonly provider: Provider;
  readonly environment: Environment;
  readonly lane: Lane;
  readonly transport: AppTransport;
}

/** An app in use: its settings, opened, and its lanes. */
export interface AppInUse {
  sections: AppSections;
  /** Why the settings cannot be opened; their pushes wait for somebody to mend that. */
  broken: Error | undefined;
  /** Nobody knows yet whether there is such an app: `broken` says why. */
  awaited: boolean;
  trusted: boolean;
  readonly lanes: Map<string, AppLane>;
}

export interface OpenOptions {
  readonly registry: Pick<AppRegistry, 'providers'>;
  /** `apps.inherit`. */
  readonly inherit: boolean;
  /** Everything goes to the sandbox, which knows no credential but the default's. */
  readonly sandbox: boolean;
  /** Apps made at run time may name private addresses. Default false. */
  readonly trustStored?: boolean;
}

/** The app of the sections outside `apps`. */
export function defaultInUse(config: SendingConfig, providers: ProviderTable): AppInUse {
  const sections = { byPlatform: sectionsOf(config, providers), defaultTopic: '', own: new Set<string>() };
  return { sections, broken: undefined, awaited: false, trusted: true, lanes: new Map() };
}

/** An app that cannot send to any platform; what else is set is the same as of the given one. */
export const nothingInUse = ({ sections }: Pick<AppInUse, 'sections'>): AppInUse => ({
  sections: {
    ...sections,
    byPlatform: Object.fromEntries(
      Object.entries(sections.byPlatform).map(([platform, section]) => [platform, { ...section, enabled: false }]),
    ),
  },
  broken: undefined,
  awaited: false,
  trusted: false,
  lanes: new Map(),
});

/** An app with its settings, or with the reason why they cannot be opened. */
export function openedInUse(app: App, config: SendingConfig, options: OpenOptions): AppInUse {
  const { sandbox, inherit, trustStored, registry } = options;
  const { providers } = registry;
  const trusted = app.origin === 'file' || trustStored === true;
  const common = { awaited: false, trusted, lanes: new Map<string, AppLane>() };
  try {
    const sections = sandbox
      ? appSections({ config, providers, settings: withoutCredentials(app.shown, providers) })
      : appSections({ config, providers, settings: app.settings(), inherit });
    return { ...common, sections, broken: undefined };
  } catch (error) {
    // Never the default's credentials for an app whose own are not to be had.
    return { ...common, sections: appSections({ config, providers, settings: app.shown }), broken: toError(error) };
  }
}

/** True when it holds connections, or could. */
export const isOpen = ({ lanes }: AppInUse): boolean => [...lanes.values()].some(({ transport }) => transport.isOpen);

/** Closes the connections of an app, all or none. False when pushes are under way on any. */
export function release({ lanes }: AppInUse): boolean {
  const all = [...lanes.values()];
  if (all.some(({ transport }) => transport.inFlight > 0)) return false;
  for (const { transport } of all) transport.release();
  return true;
}

/** Where the pushes of a lane go. */
export function environmentOf(
  lane: LaneId,
  { sections }: AppInUse,
  { providers }: Pick<AppRegistry, 'providers'>,
): Environment {
  if (lane.environment !== AS_CONFIGURED) return lane.environment;
  const row = providers.named(lane.provider) as ProviderRow;
  return row.requests.environmentOf?.(NO_WISH, sectionFor(sections, row)) ?? row.environments[0];
}

/** A notification that does not say where it goes. */
const NO_WISH: Notification = { platform: 0, tokens: [] };
