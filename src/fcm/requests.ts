import type { ProviderRequests } from '../carrier/provider-row.ts';
import type { FcmSection } from './section.ts';

export const fcmRequests: ProviderRequests<FcmSection> = {
  reads: [
    'project_id',
    'topic',
    'condition',
    'message',
    'title',
    'image',
    'priority',
    'content_available',
    'mutable_content',
    'sound',
    'data',
    'notification',
    'android',
    'webpush',
    'apns',
    'fcm_options',
    'dry_run',
    'collapse_key',
    'time_to_live',
    'restricted_package_name',
  ],
  topic: 'target',
  chosenBy: 'project_id',
  examples: {
    android: {
      summary: 'Custom data for two Android phones',
      notification: {
        notif_id: 'order-42',
        platform: 2,
        tokens: ['token-of-the-first-phone', 'token-of-the-second-phone'],
        title: 'Your order',
        message: 'is on its way',
        priority: 'high',
        data: { order: '42' },
      },
    },
  },
};
