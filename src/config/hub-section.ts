import { hubSinksSection } from './hub/hub-sinks-section.ts';
import { hubStreamsSection } from './hub/hub-streams-section.ts';
import { hubAppKeys } from './hub-app-keys.ts';
import { hubPushSection } from './hub-push-section.ts';
import { flag, list, ours, seconds, section, text } from './leaf.ts';

export const hubSection = section(
  'People and their devices in front of the relay, and where this relay is reached from outside.',
  {
    enabled: flag(false, 'The hub is on: people, devices, settings and notifications to people.', ours),
    path: text(
      'data/hub.db',
      'The file in which the hub keeps them; empty: memory. Without a master key (`apps.master_key_path`) one is made in a file of this name with `.key` behind it. With `sandbox.enabled` the file is another one: `data/hub-sandbox.db`.',
      ours,
    ),
    postgres: text(
      '',
      'PostgreSQL that holds them instead of the file, for several instances: `postgres://user:password@host:5432/database`.',
      { martlet: true },
    ),
    instance: text('', 'Name of this instance in presence and audit; empty: host and process id.', ours),
    redis: text(
      '',
      'Redis that streams, presence and wake-ups between instances use: `redis://user:password@host:6379/0`, `rediss://` with TLS.',
      { martlet: true },
    ),
    push: hubPushSection,
    streams: hubStreamsSection,
    sinks: hubSinksSection,
    test_endpoint: flag(
      false,
      '`POST /api/push/test/` sends a push to the devices of who asks (docs/hub/other-apis.md).',
      ours,
    ),
    devices: section('Devices of people.', {
      stale_after: seconds(23_328_000, 'Devices that were not heard of for so long are not sent to.', ours),
      keep_dead: seconds(2_592_000, 'How long a device whose token died is kept, with the reason.', ours),
    }),
    analytics: section('Figures of what has happened (docs/hub/analytics.md).', {
      retention: seconds(7_776_000, 'How long they are kept.', ours),
    }),
    cors_origins: list(
      'Origins of the pages that may call with the token of a person: `https://app.example.com`. Compared as they are; there is no wildcard.',
      ours,
    ),
    public_url: text(
      '',
      'Where the paths of this relay are reached from outside: `https://push.example.com`, with a path if a proxy adds one. Providers are given addresses below it for what they report later; empty: they are given none.',
      {
        ...ours,
        pattern: '^(https?://[^\\s/?#@]+(/[^\\s?#]*)?)?$',
        wanted: 'an http:// or https:// address without query and user name',
      },
    ),
    ...hubAppKeys,
  },
);
