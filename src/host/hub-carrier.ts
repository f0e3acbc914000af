import type { Config } from '../config/schema.ts';
import { LocalCarrier } from '../hub/push/local-carrier.ts';
import { openCarrier } from '../hub/push/open-carrier.ts';
import type { PushCarrier } from '../hub/push/push-carrier.ts';
import { toMs } from '../kit/seconds.ts';
import type { Log } from '../observe/log/log.ts';
import { builtIn, type ProviderTable } from '../providers/registry.ts';
import { HubReplies } from './hub/hub-replies.ts';
import type { RelayOptions } from './open-relay.ts';
import type { Relay } from './relay.ts';

export interface HubCarrierParts {
  readonly relay: Pick<Relay, 'accept' | 'queue' | 'lanes' | 'outbound'>;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** Default: those of this version. */
  readonly providers?: ProviderTable | undefined;
}

/** The hub's way to the providers, in the two steps in which it is opened. */
export interface HubCarrier {
  /** What people answer to messages. */
  readonly replies: HubReplies;
  /** What the relay is opened with, so that nothing of what its queue brings back is missed. */
  readonly hub: RelayOptions['hub'];
  /** With the relay that was opened so. Closed before it. */
  open(parts: HubCarrierParts, closers: AsyncDisposableStack): PushCarrier;
}

/** The carrier of `hub.push.mode`. Only where the hub is on. */
export function createHubCarrier(push: Config['hub']['push']): HubCarrier {
  const local = new LocalCarrier({ maxAgeMs: toMs(push.max_age) });
  const replies = new HubReplies();
  return {
    replies,
    hub: { events: { ...local.events, replied: (reply) => replies.add(reply) }, lasting: local.lasting },
    open({ relay, log, providers = builtIn }, closers) {
      const { accept, queue, lanes, outbound } = relay;
      local.connect({ accept, queue, lanes, providers });
      const tell = (level: 'info' | 'warn', message: string): void => log[level](message);
      const carrier = openCarrier({ push, local, dispatcher: outbound.dispatcher, providers, tell });
      closers.defer(() => carrier.close());
      closers.defer(() => replies.close());
      return carrier;
    },
  };
}
