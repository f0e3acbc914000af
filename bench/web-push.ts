/** Web Push: what the scenario `webpush` sends, and to whom. The push service is nginx, over HTTP/2 and over HTTP/1.1. */
import { createECDH, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { PushSubscription } from 'web-push';
import { generateVapidPair, type RawVapidPair } from '../src/webpush/credentials.ts';
import { type Provider, startNginx } from './providers.ts';
import type { ConfigOverlay } from './relay-process.ts';
import type { Workbench } from './workbench.ts';

const SUBJECT = 'mailto:bench@martlet.dev';
const TITLE = 'Your parcel has arrived';
const MESSAGE = 'It is at the pick-up point in Harbour Street 7 until Friday, 18:00.';
/** Each with keys of its own. */
const SUBSCRIPTIONS = 500;

export interface WebPushScene {
  readonly subscriptions: readonly PushSubscription[];
  readonly pair: RawVapidPair;
  readonly subject: string;
  /** What the relay makes of `pushBody`. */
  readonly payload: string;
  /** Laid over the relay's configuration. */
  readonly config: ConfigOverlay;
  /** JSON of a request with so many notifications to so many subscriptions each. */
  pushBody(notifications: number, targets: number): string;
}

export type Protocol = 'http2' | 'http1';

export const startPushService = (bench: Workbench, protocol: Protocol): Promise<Provider> => {
  const folder = join(bench.dir, `nginx-${protocol}`);
  return startNginx(bench.apns, bench.certificate, { folder, http2: protocol === 'http2' });
};

export function webPushScene({ apns: { origin, address, port } }: Workbench): WebPushScene {
  const pair = generateVapidPair();
  const subscriptions = Array.from({ length: SUBSCRIPTIONS }, (_, index) => {
    const ecdh = createECDH('prime256v1');
    ecdh.generateKeys();
    const keys = { p256dh: ecdh.getPublicKey('base64url'), auth: randomBytes(16).toString('base64url') };
    return { endpoint: `${origin}/wp/${index.toString(36).padStart(150, 'e')}`, keys };
  });
  return {
    subscriptions,
    pair,
    subject: SUBJECT,
    payload: JSON.stringify({ notification: { title: TITLE, body: MESSAGE } }),
    config: {
      ios: { enabled: false },
      android: { enabled: false },
      web: {
        vapid: [pair],
        subject: SUBJECT,
        extra_hosts: [`${address}:${port}`],
        private_networks: ['127.0.0.0/8'],
      },
    },
    pushBody: (notifications, targets) =>
      JSON.stringify({
        notifications: Array.from({ length: notifications }, (_, first) => ({
          platform: 4,
          tokens: Array.from({ length: targets }, (_, index) =>
            JSON.stringify(subscriptions[(first * targets + index) % SUBSCRIPTIONS]),
          ),
          title: TITLE,
          message: MESSAGE,
        })),
      }),
  };
}
