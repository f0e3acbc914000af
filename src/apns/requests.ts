import type { ProviderRequests } from '../carrier/provider-row.ts';
import type { ApnsSection } from './section.ts';

const DEVICE = 'a1b2c3d4'.repeat(8);

export const apnsRequests: ProviderRequests<ApnsSection> = {
  reads: [
    'topic',
    'message',
    'title',
    'priority',
    'content_available',
    'mutable_content',
    'sound',
    'data',
    'expiration',
    'apns_id',
    'collapse_id',
    'push_type',
    'badge',
    'category',
    'thread-id',
    'url-args',
    'alert',
    'production',
    'development',
    'name',
    'volume',
    'interruption_level',
    'content-state',
    'stale-date',
    'dismissal-date',
    'event',
    'timestamp',
    'attributes-type',
    'attributes',
    'relevance-score',
  ],
  topic: 'field',
  chosenBy: 'topic',
  /** `production: true` of a request overrides `development: true`, and both override the configuration. */
  environmentOf({ production, development }, section) {
    if (production === true) return 'production';
    if (development === true) return 'development';
    return section && (section.production ? 'production' : 'development');
  },
  examples: {
    alert: {
      summary: 'An alert for one iPhone',
      notification: {
        platform: 1,
        tokens: [DEVICE],
        topic: 'com.example.app',
        title: 'Hello',
        message: 'World',
        badge: 1,
      },
    },
    silent: {
      summary: 'A push that wakes the app and shows nothing',
      notification: {
        platform: 1,
        tokens: [DEVICE],
        topic: 'com.example.app',
        push_type: 'background',
        priority: 'normal',
        content_available: true,
        data: { sync: true },
      },
    },
    dead: {
      summary: 'A token that is dead (in the sandbox): a failed entry in sync mode, and a call of the hook',
      notification: {
        platform: 1,
        tokens: ['dead0410'.repeat(8)],
        topic: 'com.example.app',
        message: 'hello again',
      },
    },
  },
};
