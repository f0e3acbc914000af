import type { ProviderRequests } from '../carrier/provider-row.ts';
import { object } from '../push/wire/go-types.ts';
import type { NtfySection } from './section.ts';

/** What of a request concerns ntfy. */
export const ntfyRequests: ProviderRequests<NtfySection> = {
  reads: ['title', 'message', 'image', 'priority', 'collapse_id', 'url', 'click_action', 'actions'],
  fields: {
    ntfy: {
      decode: object,
      docs: "Fields of ntfy's own JSON, over the others: `priority tags click actions delay markdown icon attach filename`.",
    },
  },
  topic: 'none',
  examples: {
    ntfy: {
      summary: 'A topic of an ntfy server',
      notification: {
        platform: 'ntfy',
        tokens: ['alerts'],
        title: 'Disk full',
        message: 'db-3 has 2 % left',
        priority: 'high',
        collapse_id: 'disk-db-3',
        ntfy: { tags: ['warning'] },
      },
    },
  },
};
