import type { ProviderRequests } from '../carrier/provider-row.ts';
import { object, string } from '../push/wire/go-types.ts';
import { struct } from '../push/wire/struct.ts';
import { maskedAddress } from './address.ts';
import type { EmailSection } from './section.ts';

/** What of a request concerns mail. */
export const emailRequests: ProviderRequests<EmailSection> = {
  reads: ['title', 'message', 'url', 'click_action', 'thread_id'],
  fields: {
    email: {
      decode: struct({ subject: string, text: string, html: string, reply_to: string, headers: object }),
      docs: '`subject`, `text` and `html` in place of what title, message and url make; `reply_to`; `headers` in addition, such as `List-Unsubscribe`.',
      component: 'EmailFields',
    },
  },
  topic: 'none',
  masked: maskedAddress,
  examples: {
    email: {
      summary: 'A mail, with the sandbox',
      notification: {
        platform: 'email',
        notif_id: 'order-17',
        tokens: ['ada@example.com'],
        title: 'Order 17',
        message: 'Your table is ready.',
        url: 'https://example.com/orders/17',
      },
    },
  },
};
