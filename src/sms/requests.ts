import type { ProviderRequests } from '../carrier/provider-row.ts';
import { string } from '../push/wire/go-types.ts';
import { struct } from '../push/wire/struct.ts';
import { maskedNumber } from './masked-number.ts';
import type { SmsSection } from './section.ts';

/** What of a request concerns SMS. */
export const smsRequests: ProviderRequests<SmsSection> = {
  reads: ['title', 'message', 'expiration', 'url', 'click_action'],
  fields: {
    sms: {
      decode: struct({ text: string }),
      docs: '`text` goes out in place of title, message and url.',
      component: 'SmsFields',
    },
  },
  topic: 'none',
  masked: maskedNumber,
  examples: {
    sms: {
      summary: 'SMS, with the sandbox',
      notification: {
        platform: 8,
        tokens: ['+4915112345678'],
        title: 'Order 17',
        message: 'Your table is ready.',
        url: 'https://example.com/orders/17',
      },
    },
  },
};
