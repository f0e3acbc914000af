import type { ProviderRow } from '../../carrier/provider-row.ts';
import { sectionFor } from '../../providers/app-sections.ts';
import { DEFAULT_APP } from '../../push/app-name.ts';
import { AS_CONFIGURED, LaneId } from '../../push/lane-id.ts';
import type { Environment, Failed, Notification } from '../../push/push.ts';
import { targetsOf, UNKNOWN_TARGETS } from '../../push/targets.ts';
import type { Route } from '../../relay/plan.ts';
import type { AppRegistry } from '../app-registry.ts';
import type { SendTrouble } from '../choose-app.ts';
import { noSuchApp, notConfigured, platformOff, unknownPlatform } from '../refusals.ts';
import type { AppInUse, AppLane } from './app-in-use.ts';
import type { AppsInUse } from './apps-in-use.ts';

/** Gorush has these platforms. */
const OF_GORUSH = 3;

/** How a platform that is off is named: one that Gorush does not have has no name either, as with Gorush. */
const nameOff = ({ number, platform }: ProviderRow): string => (number <= OF_GORUSH ? platform : '');

export interface LaneRoutingOptions {
  readonly apps: AppsInUse;
  readonly registry: Pick<AppRegistry, 'get' | 'unsure' | 'providers'>;
  readonly open: (id: LaneId, used: AppInUse, environment: Environment) => AppLane;
}

/** Which lane a push takes, and why it takes none. */
export class LaneRouting {
  readonly #options: LaneRoutingOptions;

  constructor(options: LaneRoutingOptions) {
    this.#options = options;
  }

  /** The lane of a notification. */
  route(app: string, notification: Notification): Route {
    const { apps, registry } = this.#options;
    const row = registry.providers.numbered(notification.platform);
    if (!row)
      return {
        app,
        platform: '',
        rules: UNKNOWN_TARGETS,
        refused: unknownPlatform(notification.platform, registry.providers),
      };
    const { platform, requests: rules } = row;
    const used = apps.use(app) ?? apps.await(app, 'it is not known here yet');
    const { kind, sections } = used.state;
    const section = sectionFor(sections, row);
    const isSettled = kind === 'known' || kind === 'gone';
    if (isSettled && !section.enabled) return { app, platform: nameOff(row), rules, refused: this.refusal(app, row) };
    return { app, platform, rules, ...this.#lane(app, row, used, notification) };
  }

  #lane(app: string, row: ProviderRow, used: AppInUse, notification: Notification) {
    const { name: provider, environments, requests, delivery } = row;
    const { kind, sections } = used.state;
    const section = sectionFor(sections, row);
    const asked = requests.environmentOf?.(notification, kind === 'awaited' ? undefined : section);
    const environment = asked ?? requests.environmentOf?.(notification, section) ?? environments[0];
    const place = asked === undefined && environments.length > 1 ? AS_CONFIGURED : environment;
    const laneOf = (partition?: string): LaneId => {
      const known = used.laneOf(provider, place, partition);
      if (known) return known.lane.id;
      return this.#options.open(new LaneId({ app, provider, environment: place, partition }), used, environment).lane
        .id;
    };
    const { partitionOf } = delivery;
    const common = { provider, environment, slice: delivery.slice(section) };
    if (!partitionOf) return { ...common, lane: laneOf() };
    // The lane of the first target stands for the notification, which may have targets in many.
    const [first] = targetsOf(notification, requests).flatMap(({ targets }) => targets.slice(0, 1));
    const known = new Map<string, LaneId>();
    const partLane = (target: string): LaneId => {
      const partition = partitionOf(target, section);
      // Without a partition: the lane that the provider has from the start.
      const lane = known.get(partition) ?? laneOf(partition === '' ? undefined : partition);
      known.set(partition, lane);
      return lane;
    };
    return { ...common, lane: partLane(first ?? ''), laneOf: partLane };
  }

  /** Why an app cannot send to a platform; undefined when it can. */
  providerTrouble(app: string, platform: number): SendTrouble | undefined {
    const { registry, apps } = this.#options;
    if (registry.unsure && !registry.get(app)) return { reason: 'AppsUnknown', text: registry.unsure };
    const used = apps.use(app);
    if (used && 'why' in used.state)
      return {
        reason: 'CredentialUnusable',
        text: `the settings of the app ${app} cannot be opened: ${used.state.why.message}`,
      };
    const row = registry.providers.numbered(platform);
    if (!used || !row || sectionFor(used.sections, row).enabled) return undefined;
    const { reason, error: text } = notConfigured(app, row.platform);
    return { reason, text };
  }

  /** The outcome of pushes of an app that sends to no such provider. */
  refusal(app: string, { platform }: ProviderRow): Failed {
    if (app === DEFAULT_APP) return platformOff(platform);
    return this.#options.registry.get(app) ? notConfigured(app, platform) : noSuchApp();
  }
}
