import { fieldOf, type ProviderRequests } from '../carrier/provider-row.ts';
import type { JsonObject } from '../push/push.ts';
import { list, object } from '../push/wire/go-types.ts';
import { SANDBOX_KEYS } from './sandbox/browser-keys.ts';
import type { WebSection } from './section.ts';
import { endpointIn } from './subscription.ts';

/** Longer than any endpoint; what is no subscription is shown so far. */
const LONGEST_SHOWN = 2048;

/** Where it leads, and stars for who it is: the address is a capability. */
function masked(target: string): string {
  const origin = URL.parse(endpointIn(target) ?? '')?.origin;
  return origin === undefined ? '***' : `${origin}/***`;
}

const example = (name: string): JsonObject => ({
  endpoint: `https://fcm.googleapis.com/fcm/send/${name}`,
  keys: { ...SANDBOX_KEYS },
});

export const webRequests: ProviderRequests<WebSection> = {
  reads: [
    'message',
    'title',
    'image',
    'priority',
    'data',
    'collapse_id',
    'collapse_key',
    'badge',
    'expiration',
    'interruption_level',
    'url',
    'click_action',
    'actions',
  ],
  fields: {
    subscriptions: {
      decode: list(object),
      docs: 'Push subscriptions, as `JSON.stringify(subscription)` has them in a browser: `{endpoint, keys: {p256dh, auth}}`, and `application_server_key` where it is known which VAPID key they were made with.',
    },
    web: {
      decode: object,
      docs: 'Members of the shown notification in their own names (`navigate icon tag silent lang actions requireInteraction …`), and `ttl` (seconds), `urgency` (`very-low low normal high`), `topic`, `app_badge`. They override what the other fields say.',
    },
  },
  topic: 'none',
  moreTargets: (notification) => ({
    kind: 'subscription',
    targets: (fieldOf<JsonObject[]>(notification, 'subscriptions') ?? []).map((each) => JSON.stringify(each)),
  }),
  shown: (target, kind) => (kind === 'subscription' ? (endpointIn(target) ?? target) : target).slice(0, LONGEST_SHOWN),
  masked,
  examples: {
    web: {
      summary: 'A browser, by its push subscription',
      notification: {
        platform: 'web',
        subscriptions: [example('one-browser')],
        title: 'Your order',
        message: 'is on its way',
        url: 'https://shop.example/orders/42',
        collapse_id: 'order-42',
        web: { icon: 'https://shop.example/icon.png', urgency: 'high' },
      },
    },
  },
};
