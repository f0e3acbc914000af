import type { ProviderRequests } from '../carrier/provider-row.ts';
import type { HmsSection } from './section.ts';

export const hmsRequests: ProviderRequests<HmsSection> = {
  reads: [
    'topic',
    'condition',
    'message',
    'title',
    'image',
    'priority',
    'sound',
    'category',
    'app_id',
    'app_secret',
    'huawei_notification',
    'huawei_data',
    'huawei_collapse_key',
    'huawei_ttl',
    'bi_tag',
    'fast_app_target',
  ],
  topic: 'target',
  examples: {
    huawei: {
      summary: 'A phone of Huawei, by the name of its platform',
      notification: { platform: 'huawei', tokens: ['token-of-a-huawei-phone'], title: 'News', message: 'for one' },
    },
  },
};
