import { hubAppKeys } from './hub-app-keys.ts';
import { bytes, flag, integer, list, mapOf, ours, perSecond, type Section, seconds, section, text } from './leaf.ts';
import { LONGEST_WAIT } from './provider-keys.ts';

const secret = { martlet: true } as const;

const webhookSection = section('Where the failed pushes of the app are reported.', {
  url: text('', 'http:// or https:// URL; without one the failed pushes of this app are not reported.', secret),
  headers: list('Headers of each call, `name: value`.', secret),
  secret: list(
    'Standard Webhooks secrets (`whsec_…`), the newest first: each call is signed with all of them, so that they can be changed one by one.',
    secret,
  ),
  timeout: seconds(10, 'For one call.', { ...ours, maximum: LONGEST_WAIT }),
  allow_private: flag(false, 'The URL may lead to a private, loopback or link-local address.', ours),
});

const limitsSection = section('What a request of the app may hold.', {
  tokens: integer(0, 'Most targets of one notification; 0: no limit but that of the body.', { ...ours, minimum: 0 }),
  payload: bytes(0, 'Largest notification without its tokens, as JSON; 0: no limit.', { ...ours, minimum: 0 }),
});

/** An app: what it sets lies, key by key, over the sections of the same name outside `apps`. */
export const appSectionOf = <Sections extends Readonly<Record<string, Section>>>(providers: Sections) =>
  section('An app with credentials of its own.', {
    ...providers,
    default_topic: text('', 'The apns-topic of notifications that have none; it chooses the app, too.', {
      ...ours,
      pattern: '^[A-Za-z0-9._-]*$',
      wanted: 'a bundle id, with the suffix of its push type if need be',
    }),
    rate_limit: perSecond(0, 'Pushes per second of each of its lanes that sets none; 0: no limit.', ours),
    webhook: webhookSection,
    limits: limitsSection,
    hub: section('What the hub does otherwise for the app.', hubAppKeys),
  });

export const appsSectionOf = <Sections extends Readonly<Record<string, Section>>>(providers: Sections) =>
  section('Several apps in one process; the sections outside are the app `default`.', {
    cache: integer(256, 'Apps whose connections are kept open; those longest unused are closed first.', {
      ...ours,
      minimum: 1,
    }),
    inherit: flag(
      true,
      'An app that has no credential for a platform sends with that of the section outside `apps`.',
      ours,
    ),
    path: text('data/apps.db', 'File of the apps that are made by /v1/apps; in use once there is a master key.', ours),
    redis: text(
      '',
      'Redis that holds these apps instead, for several instances: `redis://[user:password@]host:6379/0`.',
      {
        ...secret,
      },
    ),
    ttl: seconds(30, 'How long an instance may not know what another changed.', ours),
    master_key_path: text(
      '',
      'File with the master key (32 bytes, base64) that secrets of these apps are sealed with; or MARTLET_MASTER_KEY.',
      secret,
    ),
    allow_private_hooks: flag(
      false,
      'Hooks and token servers of apps that are made by /v1/apps may be at private addresses.',
      ours,
    ),
    named: mapOf(appSectionOf(providers), 'The apps, each under its name.', { inline: true, partial: true }),
  });
