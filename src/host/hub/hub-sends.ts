import type { AppRegistry } from '../../apps/app-registry.ts';
import { publicUrlOf } from '../../config/public-url.ts';
import type { DeviceVerdict } from '../../hub/devices/device.ts';
import { hubPolicy, type PolicySources } from '../../hub/notifications/hub-policy.ts';
import type { HubPolicy } from '../../hub/notifications/policy.ts';
import { sealOptOut } from '../../hub/people/opt-out-link.ts';
import type { PushCarrier } from '../../hub/push/push-carrier.ts';
import type { HubEvents } from '../../hub/sends/hub-events.ts';
import type { NoChannelHook } from '../../hub/sends/no-channel.ts';
import type { EndedTarget } from '../../hub/sends/outcomes/outcome-writer.ts';
import { type RendererParts, renderer } from '../../hub/sends/renderer.ts';
import { Sends } from '../../hub/sends/sends.ts';
import type { HubStore } from '../../hub/storage/storage.ts';
import type { DueWork } from '../../hub/timers/due-rows.ts';
import type { AddressedChannel } from '../../hub/words/channel.ts';
import { toError } from '../../kit/errors.ts';
import { toMs } from '../../kit/seconds.ts';
import type { Log } from '../../observe/log/log.ts';
import type { FullConfig } from '../../providers/registry.ts';
import { DEFAULT_APP } from '../../push/app-name.ts';
import type { HubLive } from './hub-streams.ts';
import { instanceName } from './instance-name.ts';

export interface HubSendsParts {
  readonly store: HubStore;
  readonly carrier: PushCarrier;
  readonly config: FullConfig;
  readonly apps: AppRegistry;
  readonly applyVerdicts: (verdicts: readonly DeviceVerdict[]) => Promise<unknown>;
  readonly noteAddress: (
    app: string,
    verdict: { kind: AddressedChannel; address: string; status: AddressStatus; reason: string; at: number },
  ) => Promise<unknown>;
  readonly events?: HubEvents | undefined;
  readonly noChannel?: NoChannelHook | undefined;
  /** Timers of other parts, by kind. */
  readonly works: Readonly<Record<string, DueWork>>;
  readonly live?: HubLive | undefined;
  readonly log: Log;
  readonly now: () => number;
}

/** What is decided for each app; read again when the app is another one. @param make throws ConfigError */
export function policies<Policy>(
  config: FullConfig,
  apps: AppRegistry,
  log: Pick<Log, 'error'>,
  make: (sources: PolicySources) => Policy,
): (app: string) => Policy {
  const known = new Map<string, { readonly version: string | undefined; readonly policy: Policy }>();
  const usual = make({ config, app: DEFAULT_APP });
  return (name) => {
    const app = apps.get(name);
    const before = known.get(name);
    if (before && before.version === app?.version) return before.policy;
    let policy = usual;
    try {
      policy = make({ config, app: name, settings: app?.settings() });
    } catch (thrown) {
      log.error(`app ${name}: ${toError(thrown).message}; until that is mended hub.* decides for it`);
    }
    known.set(name, { version: app?.version, policy });
    return policy;
  };
}

type AddressStatus = 'bounced' | 'complained' | 'invalid' | 'unsubscribed';

/** Words of providers that say something of an address, though it is not dead. */
const SAID: Readonly<Record<string, AddressStatus>> = { 'email Complaint': 'complained', 'sms 21610': 'unsubscribed' };

/** Mails that bounced or were called spam, numbers that there are not or that have answered STOP. */
function addressVerdicts({ noteAddress }: HubSendsParts) {
  return async (ended: readonly EndedTarget[]): Promise<void> => {
    for (const {
      channel,
      outcome: { app, target: address, outcome, at },
    } of ended) {
      if (outcome.kind !== 'failed') continue;
      const isDead = outcome.category === 'invalid_token';
      const dead = channel === 'email' ? 'bounced' : 'invalid';
      const status = isDead ? dead : SAID[`${channel} ${outcome.reason}`];
      if (!status) continue;
      await noteAddress(app, { kind: channel as AddressedChannel, address, status, reason: outcome.reason, at });
    }
  };
}

/** Mail servers refuse longer lines; with ids and types of ASCII it is shorter. */
const LONGEST_URL = 900;

/** Where a person says that mails of a type are not wanted any more. */
function unsubscribeUrlOf({ store, config, now }: HubSendsParts): RendererParts['unsubscribeUrl'] {
  const base = publicUrlOf(config.hub);
  if (base === undefined) return undefined;
  return (app, user, type) => {
    const url = `${base}/u/${sealOptOut(store.seal, { app, user, channel: 'email', type, at: now() })}`;
    return url.length <= LONGEST_URL ? url : undefined;
  };
}

/** Opens what sends to people. @param closers closes it before the store */
export function openHubSends(
  parts: HubSendsParts,
  closers: AsyncDisposableStack,
): { sends: Sends; policyOf: (app: string) => HubPolicy } {
  const { store, carrier, config, apps, applyVerdicts, events, noChannel, live, works, log, now } = parts;
  const policyOf = policies(config, apps, log, hubPolicy);
  const sends = new Sends({
    ...{ store, carrier, policyOf, applyVerdicts, events, noChannel, works, now },
    rendererOf: renderer({ policyOf, now, unsubscribeUrl: unsubscribeUrlOf(parts) }),
    presenceOf: live ? live.presenceOf : async () => new Map(),
    realtime: live?.realtimeOf(policyOf),
    noteAddresses: addressVerdicts(parts),
    instance: instanceName(config.hub),
    staleAfterMs: toMs(config.hub.devices.stale_after),
    tell: (level, message) => log[level](message),
  });
  closers.defer(() => sends.close());
  return { sends, policyOf };
}
