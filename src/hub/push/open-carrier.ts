import type { Dispatcher } from 'undici';
import type { Config } from '../../config/schema.ts';
import { toMs } from '../../kit/seconds.ts';
import type { ProviderTable } from '../../providers/registry.ts';
import { byPlatform } from './by-platform.ts';
import { GorushCarrier } from './gorush-carrier.ts';
import { createNoCarrier } from './no-carrier.ts';
import { PeerDelivery } from './peer-delivery.ts';
import { Peers } from './peers.ts';
import type { PushCarrier } from './push-carrier.ts';
import { PushPeer } from './push-peer.ts';

export interface OpenCarrierOptions {
  readonly push: Config['hub']['push'];
  /** This process's relay. */
  readonly local: PushCarrier;
  /** The way to other Gorushes: knows the proxies and the authorities. */
  readonly dispatcher: Dispatcher;
  readonly providers: ProviderTable;
  readonly tell: (level: 'info' | 'warn', message: string) => void;
}

/** The carrier of `hub.push.mode`. Opens no connection but for the health of the Gorushes it names. */
export function openCarrier(options: OpenCarrierOptions): PushCarrier {
  const { push, local } = options;
  if (push.mode === 'local') return local;
  return byPlatform(push.mode === 'none' ? createNoCarrier() : gorushCarrier(options), local);
}

function gorushCarrier({ push, dispatcher, providers, tell }: OpenCarrierOptions): GorushCarrier {
  const closing = new AbortController();
  const intervalMs = toMs(push.health_interval);
  const common = { apiKey: push.api_key, dispatcher, tell, signal: closing.signal, now: () => performance.now() };
  const peers = new Peers(
    push.urls.map((url) => new PushPeer({ url, ...common })),
    intervalMs,
  );
  return new GorushCarrier({
    peers,
    delivery: new PeerDelivery(peers, intervalMs),
    closing,
    providers,
    rateLimit: push.rate_limit,
    batchSize: push.batch_size,
    maxAgeMs: toMs(push.max_age),
  });
}
