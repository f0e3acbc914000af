/**
 * An app whose pushes are sent or waited for: what they are sent with, and its lanes. The lanes stay when the state changes; their
 * transports are replaced, all or none (`AppInUse.become`).
 *
 * - `known`: its settings are open, and its pushes go out with them.
 * - `broken`: its settings cannot be opened (no master key, a damaged secret). Its pushes wait. → known once they can be opened.
 * - `awaited`: pushes wait, and this process does not know yet whether there is such an app: another instance may have made it
 *   a moment ago, or the store cannot be read. → known or broken when it is found; → gone when the store says there is none.
 * - `gone`: there is no such app. Pushes that still wait for it fail. → known or broken when it is made again.
 *
 * known → known, broken and gone, broken → broken and gone: whenever the settings change, or the app is deleted.
 */
import type { ProviderRow } from '../../carrier/provider-row.ts';
import { toError } from '../../kit/errors.ts';
import { type AppSections, appSections, sectionFor, withoutCredentials } from '../../providers/app-sections.ts';
import type { ProviderTable } from '../../providers/registry.ts';
import { sectionsOf } from '../../providers/sections.ts';
import { AS_CONFIGURED, type LaneId } from '../../push/lane-id.ts';
import type { Environment, Notification, Provider } from '../../push/push.ts';
import type { Lane } from '../../relay/lane.ts';
import type { App } from '../app.ts';
import type { AppTransport } from './app-transport.ts';

/** A configuration, of which the sections of the providers count. */
export type SendingConfig = object;

/** `sections`: what its lanes send with, limits and retries included. Only those of `known` hold usable credentials. */
export type AppState =
  | {
      readonly kind: 'known';
      readonly sections: AppSections;
      readonly trusted: boolean;
      readonly origin: App['origin'];
    }
  | { readonly kind: 'broken'; readonly sections: AppSections; readonly why: Error }
  | { readonly kind: 'awaited'; readonly sections: AppSections; readonly why: Error }
  | { readonly kind: 'gone'; readonly sections: AppSections };

/** A lane and what it is for. */
export interface AppLane {
  readonly app: string;
  readonly provider: Provider;
  readonly environment: Environment;
  readonly lane: Lane;
  readonly transport: AppTransport;
}

export interface OpenOptions {
  readonly providers: ProviderTable;
  /** `apps.inherit`. */
  readonly inherit: boolean;
  /** Everything goes to the sandbox, which knows no credential but the default's. */
  readonly sandbox: boolean;
  /** Apps made at run time may name private addresses. Default false. */
  readonly trustStored?: boolean;
}

export class AppInUse {
  readonly name: string;
  readonly lanes: AppLane[] = [];
  #state: AppState;

  constructor(name: string, state: AppState) {
    this.name = name;
    this.#state = state;
  }

  get state(): AppState {
    return this.#state;
  }

  get sections(): AppSections {
    return this.#state.sections;
  }

  /** True when it holds connections, or could. */
  get isOpen(): boolean {
    return this.lanes.some(({ transport }) => transport.isOpen);
  }

  laneOf(provider: Provider, environment: LaneId['environment'], partition?: string): AppLane | undefined {
    for (const each of this.lanes) {
      const { id } = each.lane;
      if (id.provider === provider && id.environment === environment && id.partition === partition) return each;
    }
    return undefined;
  }

  /**
   * Another state, with which each lane is to send.
   * @param replace gives a lane another transport, as the state says
   * @throws what `replace` throws: then all lanes and the state are as before
   */
  become(next: AppState, replace: (lane: AppLane) => void): void {
    const before = this.#state;
    const replaced: AppLane[] = [];
    this.#setState(next);
    try {
      for (const lane of this.lanes) {
        replace(lane);
        replaced.push(lane);
      }
    } catch (error) {
      this.#setState(before);
      for (const lane of replaced) replace(lane);
      throw error;
    }
  }

  /** Closes its connections, all or none. False when pushes are under way on any. */
  release(): boolean {
    if (this.lanes.some(({ transport }) => transport.inFlight > 0)) return false;
    for (const { transport } of this.lanes) transport.release();
    return true;
  }

  #setState(state: AppState): void {
    this.#state = state;
  }
}

/** The app of the sections outside `apps`. */
export const defaultState = (config: SendingConfig, providers: ProviderTable): AppState => ({
  kind: 'known',
  sections: { byPlatform: sectionsOf(config, providers), defaultTopic: '', own: new Set<string>() },
  trusted: true,
  origin: 'file',
});

/** An app with its settings, or with the reason why they cannot be opened. */
export function openedState(app: App, config: SendingConfig, options: OpenOptions): AppState {
  const { providers, sandbox, inherit, trustStored } = options;
  const { origin } = app;
  const trusted = origin === 'file' || trustStored === true;
  try {
    const sections = sandbox
      ? appSections({ config, providers, settings: withoutCredentials(app.shown, providers) })
      : appSections({ config, providers, settings: app.settings(), inherit });
    return { kind: 'known', sections, trusted, origin };
  } catch (error) {
    // Never the default's credentials for an app whose own cannot be opened.
    const sections = appSections({ config, providers, settings: app.shown });
    return { kind: 'broken', sections, why: toError(error) };
  }
}

export const awaitedState = (like: AppSections, why: string): AppState => ({
  kind: 'awaited',
  sections: switchedOff(like),
  why: new Error(why),
});

export const goneState = (like: AppSections): AppState => ({ kind: 'gone', sections: switchedOff(like) });

/** Sections that send to no platform. What else they say stays: how often a push is tried, how many go out in a second. */
const switchedOff = (sections: AppSections): AppSections => ({
  ...sections,
  byPlatform: Object.fromEntries(
    Object.entries(sections.byPlatform).map(([platform, section]) => [platform, { ...section, enabled: false }]),
  ),
});

/** A notification that does not say where it goes. */
const NO_WISH: Notification = { platform: 0, tokens: [] };

/** Where the pushes of a lane go. */
export function environmentOf({ environment }: LaneId, row: ProviderRow, sections: AppSections): Environment {
  if (environment !== AS_CONFIGURED) return environment;
  return row.requests.environmentOf?.(NO_WISH, sectionFor(sections, row)) ?? row.environments[0];
}
