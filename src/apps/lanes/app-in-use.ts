import type { Config } from '../../config/schema.ts';
import { toError } from '../../kit/errors.ts';
import { type AppSections, appSections, withoutCredentials } from '../../providers/app-sections.ts';
import { AS_CONFIGURED, type LaneId } from '../../push/lane-id.ts';
import type { Environment, PlatformName, Provider } from '../../push/push.ts';
import type { Lane } from '../../relay/lane.ts';
import type { App } from '../app.ts';
import type { AppTransport } from './app-transport.ts';

/** The parts of the configuration that say how pushes are sent. */
export type SendingConfig = Pick<Config, PlatformName>;

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
  /** `apps.inherit`. */
  readonly inherit: boolean;
  /** Everything goes to the sandbox, which knows no credential but the default's. */
  readonly sandbox: boolean;
  /** Apps made at run time may name private addresses. Default false. */
  readonly trustStored?: boolean;
}

/** The app of the sections outside `apps`. */
export function defaultInUse({ ios, android, huawei }: SendingConfig): AppInUse {
  const sections = { ios, android, huawei, defaultTopic: '', own: new Set<PlatformName>() };
  return { sections, broken: undefined, awaited: false, trusted: true, lanes: new Map() };
}

/** An app that cannot send to any platform; what else is set is the same as of the given one. */
export const nothingInUse = ({ sections }: Pick<AppInUse, 'sections'>): AppInUse => ({
  sections: {
    ...sections,
    ios: { ...sections.ios, enabled: false },
    android: { ...sections.android, enabled: false },
    huawei: { ...sections.huawei, enabled: false },
  },
  broken: undefined,
  awaited: false,
  trusted: false,
  lanes: new Map(),
});

/** An app with its settings, or with the reason why they cannot be opened. */
export function openedInUse(app: App, config: SendingConfig, options: OpenOptions): AppInUse {
  const { sandbox, inherit, trustStored } = options;
  const trusted = app.origin === 'file' || trustStored === true;
  const common = { awaited: false, trusted, lanes: new Map<string, AppLane>() };
  try {
    const sections = sandbox
      ? appSections(config, withoutCredentials(app.shown))
      : appSections(config, app.settings(), inherit);
    return { ...common, sections, broken: undefined };
  } catch (error) {
    // Never the default's credentials for an app whose own are not to be had.
    return { ...common, sections: appSections(config, app.shown), broken: toError(error) };
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
export function environmentOf({ environment }: LaneId, { sections }: AppInUse): Environment {
  if (environment !== AS_CONFIGURED) return environment;
  return sections.ios.production ? 'production' : 'development';
}
