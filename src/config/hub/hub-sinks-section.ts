import { choice, flag, list, mapOf, ours, seconds, section, text } from '../leaf.ts';

const secret = { martlet: true } as const;

export const hubSinksSection = mapOf(
  section('Where events of streams are sent.', {
    url: text('', 'http:// or https:// URL that each event is posted to.', secret),
    headers: list('Headers of each call, `name: value`.', secret),
    secret: list(
      'Standard Webhooks secrets (`whsec_…`), the newest first: each call is signed with all of them. With `format: mailbox` any text, of which the first signs.',
      secret,
    ),
    types: list('Types of the events that it gets; empty: all.', ours),
    format: choice(
      ['standard', 'mailbox'],
      'standard',
      'How calls are signed: as Standard Webhooks are, or by `X-Mailbox-Timestamp` and `X-Mailbox-Signature`.',
      ours,
    ),
    timeout: seconds(10, 'For one call.', ours),
    allow_private: flag(false, 'The URL may lead to a private, loopback or link-local address.', ours),
  }),
  'Sinks, each under its name: every event of people’s streams is posted to them (docs/hub/streams.md).',
);
