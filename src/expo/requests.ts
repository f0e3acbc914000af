import type { ProviderRequests } from '../carrier/provider-row.ts';
import { object } from '../push/wire/go-types.ts';
import type { ExpoSection } from './section.ts';

/** What of a request concerns Expo. */
export const expoRequests: ProviderRequests<ExpoSection> = {
  reads: [
    'message',
    'title',
    'image',
    'priority',
    'data',
    'sound',
    'badge',
    'category',
    'expiration',
    'collapse_id',
    'content_available',
    'mutable_content',
    'interruption_level',
    'url',
    'click_action',
  ],
  fields: {
    expo: {
      decode: object,
      docs: "Fields of Expo's own message, over the others: `subtitle channelId categoryId ttl sound priority richContent tag …`.",
    },
  },
  topic: 'none',
  examples: {
    expo: {
      summary: 'An app built with Expo',
      notification: {
        platform: 'expo',
        tokens: ['ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]'],
        title: 'Your order',
        message: 'is on its way',
        data: { order: '42' },
        expo: { channelId: 'orders' },
      },
    },
  },
};
