import type { ProviderRequests } from '../carrier/provider-row.ts';
import { list, object, string } from '../push/wire/go-types.ts';
import { struct } from '../push/wire/struct.ts';
import type { SlackSection } from './section.ts';
import { maskedTarget } from './target.ts';

/** What of a request concerns Slack. */
export const slackRequests: ProviderRequests<SlackSection> = {
  reads: ['title', 'message', 'url', 'click_action'],
  fields: {
    slack: {
      decode: struct({ text: string, blocks: list(object), thread_ts: string }),
      docs: '`text` goes out in place of title, message and url, with its markup; `blocks` (Block Kit) as they are; `thread_ts`: the message that this one answers.',
      component: 'SlackFields',
    },
  },
  topic: 'none',
  masked: maskedTarget,
  examples: {
    slack: {
      summary: 'A Slack channel',
      notification: {
        platform: 'slack',
        tokens: ['C0123456789'],
        title: 'Deploy failed',
        message: 'web-3 does not answer its health check',
        url: 'https://ci.example/runs/981',
      },
    },
  },
};
