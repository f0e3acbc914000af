import type { Router } from 'express';
import { djangoRoutes } from '../../api/hub/django/django-routes.ts';
import { refuseDjango } from '../../api/hub/django/refuse-django.ts';
import type { HubRoute } from '../../api/hub/hub-route.ts';
import { type HubRouterParts, hubRouter } from '../../api/hub/hub-router.ts';
import { namespaceCredentialRoutes } from '../../api/hub/namespace/namespace-credentials.ts';
import { namespaceDeviceRoutes } from '../../api/hub/namespace/namespace-devices.ts';
import { createUserSend, namespaceSendRoutes } from '../../api/hub/namespace/namespace-sends.ts';
import { refuseNamespace } from '../../api/hub/namespace/refuse-namespace.ts';
import type { AppRegistry } from '../../apps/app-registry.ts';
import type { AppSync } from '../../apps/store/sync-apps.ts';
import { maskedTarget } from '../../hub/devices/device-target.ts';
import type { Devices } from '../../hub/devices/devices.ts';
import { DirectDevices } from '../../hub/direct/direct-devices.ts';
import { DirectSends } from '../../hub/direct/direct-sends.ts';
import { PushTopics } from '../../hub/direct/push-topics.ts';
import type { PushCarrier } from '../../hub/push/push-carrier.ts';
import type { HubEvents } from '../../hub/sends/hub-events.ts';
import { type NoChannelHook, noteUnreached } from '../../hub/sends/no-channel.ts';
import type { HubStore } from '../../hub/storage/storage.ts';
import { toMs } from '../../kit/seconds.ts';
import type { FullConfig } from '../../providers/registry.ts';
import type { Relay } from '../relay.ts';
import { appAdminOf, type SelfServiceRelay } from '../self-service.ts';

export interface OtherApisOptions {
  readonly config: FullConfig;
  readonly store: HubStore;
  readonly devices: Devices;
  /** Of batches that begin with `DIRECT`. */
  readonly carrier: PushCarrier;
  readonly relay: SelfServiceRelay & { readonly apps: AppRegistry; readonly sectionOf: Relay['sectionOf'] };
  readonly sync: AppSync | undefined;
  readonly parts: HubRouterParts;
  readonly events: HubEvents;
  readonly noChannel: NoChannelHook;
  /** A timer was set. */
  readonly nudge: (at: number) => void;
  readonly tell: (level: 'warn', message: string) => void;
  /** UNIX milliseconds. */
  readonly now: () => number;
}

/** The routes of the APIs that the hub stands in for, each with refusals in its own form. */
export function otherApis(options: OtherApisOptions): {
  readonly routers: readonly Router[];
  readonly routes: readonly HubRoute[];
} {
  const { config, store, devices, carrier, relay, sync, parts, tell, now } = options;
  const { providers } = relay.apps;
  const sectionOf = (app: string, platform: string): unknown => {
    const row = providers.ofPlatform(platform);
    return row && relay.sectionOf(app, row);
  };
  const topics = new PushTopics({ store, checked: (app, way) => devices.checked(app, way), now });
  const known = new DirectDevices({ store, devices, topics, tell });
  const { ended, stillWanted } = known;
  const direct = new DirectSends({
    carrier,
    providers,
    ended,
    stillWanted,
    now,
    topicOf: topicsOf(relay.apps, sectionOf),
  });
  const unreached = directUnreached(options);
  const sends = { store, devices, topics, direct, unreached, waitMs: toMs(config.core.sync_timeout) };
  const sendToUser = createUserSend(sends);
  const namespace = withSlash([
    ...namespaceDeviceRoutes({ store, devices }),
    ...namespaceSendRoutes(sends),
    ...namespaceCredentialRoutes({ store, registry: relay.apps, sync, admin: appAdminOf(relay, config), now }),
  ]);
  const django = djangoRoutes({
    devices,
    masked: (platform, target) => maskedTarget({ providers }, platform, target),
    sendTest: config.hub.test_endpoint
      ? (app, user, { title, message }) => sendToUser(app, user, { title, body: message, priority: 'normal' })
      : undefined,
  });
  return {
    routers: [
      hubRouter(namespace, parts, { refuse: refuseNamespace, anyQuery: true }),
      hubRouter(django, parts, { refuse: refuseDjango, anyQuery: true }),
    ],
    routes: [...namespace, ...django],
  };
}

/** The same with a slash at the end, which the original overlooks, but where that is a route of its own. */
function withSlash(routes: readonly HubRoute[]): readonly HubRoute[] {
  const known = new Set(routes.map(({ method, path }) => `${method} ${path}`));
  const more = routes.map((route): HubRoute => ({ ...route, path: `${route.path}/` }));
  return [...routes, ...more.filter(({ method, path }) => !path.endsWith('//') && !known.has(`${method} ${path}`))];
}

/** A person without a device, whom a send at once was for, is counted and told of as one of a notification. */
const directUnreached =
  ({ store, events, noChannel, nudge, now }: OtherApisOptions) =>
  async (app: string, user: string, notification: string): Promise<void> => {
    const person = { app, user, notification, reason: 'no_devices' };
    if (await store.write((tx) => noteUnreached(tx, noChannel, [person], now()))) nudge(now());
    events.counted?.({ app, outcomes: { no_channel: 1 } });
  };

/** The apns-topic of an app: its `default_topic`, else `ios.topic`. */
const topicsOf =
  (apps: AppRegistry, sectionOf: (app: string, platform: string) => unknown) =>
  (app: string): string =>
    apps.get(app)?.topics[0] ?? (sectionOf(app, 'ios') as { topic?: string } | undefined)?.topic ?? '';
